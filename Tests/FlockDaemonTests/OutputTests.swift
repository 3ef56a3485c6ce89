import FlockCore
import FlockDaemon
import Foundation
import Testing

@Suite struct OutputTests {
    @Test(arguments: [
        (-5.0, "0 s ago"), (0, "0 s ago"), (59.9, "59 s ago"), (60, "1 min ago"), (3599, "59 min ago"),
        (3600, "1 h ago"), (172_799, "47 h ago"), (172_800, "2 days ago"),
    ])
    func `an age is said in words`(_ seconds: Double, _ words: String) {
        let now = Date(timeIntervalSince1970: 1_767_225_600)
        #expect(Output.age(now - seconds, now: now) == words)
    }
}
