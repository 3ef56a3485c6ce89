import Foundation
import Testing

@testable import FlockScaler

@Suite struct DecisionLogTests {
    private func record(_ rule: ScaleVerdict.Rule, wanted: Int = 1, at seconds: Double) -> DecisionRecord {
        DecisionRecord(
            ScaleVerdict(action: .keep, wanted: wanted, rule: rule), AppSample(inFlight: Int(seconds)),
            .init(instances: 1, ready: 1), at: Date(timeIntervalSince1970: seconds))
    }

    @Test("what repeats is kept once a minute, what changes always; the oldest go")
    func repeats() {
        var log = DecisionLog()
        for second in 0..<130 { log.add(record(.load, at: Double(second)), of: "/a") }
        #expect(log["/a"].map(\.inFlight) == [0, 60, 120])
        log.add(record(.burst, wanted: 3, at: 130), of: "/a")
        log.add(record(.load, wanted: 3, at: 131), of: "/a")
        #expect(log["/a"].map(\.rule) == ["load", "load", "load", "burst", "load"])
        log.prevented("locked", of: "/a")
        #expect(log["/a"].last?.prevented == "locked")
        for second in 0..<500 { log.add(record(.load, wanted: second, at: Double(second)), of: "/b") }
        #expect(log["/b"].count == DecisionLog.most && log["/b"].last?.wanted == 499)
        log.keep { $0 == "/b" }
        #expect(log["/a"].isEmpty && !log["/b"].isEmpty)
    }
}
