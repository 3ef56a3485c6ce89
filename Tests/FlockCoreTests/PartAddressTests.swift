import Foundation
import Testing

@testable import FlockCore

@Suite struct PartAddressTests {
    @Test(arguments: [
        "local", "https://10.0.0.6:9002", "https://node-2.example.org:9002", "http://127.0.0.1:9002",
        "http://[::1]:9002", "http://localhost:9002",
    ])
    func `is taken`(_ text: String) {
        #expect(PartAddress(text)?.description == text)
    }

    @Test(arguments: [
        "", "here", "10.0.0.6:9002", "http://10.0.0.6:9002", "http://127.0.0.1.example.org:9002",
        "https://10.0.0.6", "https://10.0.0.6:9002/v1", "https://user:word@10.0.0.6:9002", "https://:9002",
        "https://10.0.0.6:9002?x=y", "https://10.0.0.6:9002#x", "unix:///tmp/x.sock",
    ])
    func `is refused`(_ text: String) {
        #expect(PartAddress(text) == nil)
    }
}
