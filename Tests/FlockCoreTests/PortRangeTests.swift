import FlockCore
import Foundation
import Testing

@Suite struct PortRangeTests {
    @Test(arguments: [("31000-32000", 31000...32000), ("1-65535", 1...65535), ("8080-8080", 8080...8080)])
    func `a range has both its ends`(_ text: String, _ ports: ClosedRange<Int>) throws {
        let range = try JSONDecoder().decode(PortRange.self, from: JSONEncoder().encode(text))
        #expect(range.ports == ports)
        #expect(try JSONDecoder().decode(String.self, from: JSONEncoder().encode(range)) == text)
    }

    @Test(arguments: ["", "31000", "32000-31000", "0-10", "1-65536", "a-b", "1-2-3", "-1-5", "1 - 5"])
    func `what is no range is refused`(_ text: String) throws {
        let json = try JSONEncoder().encode(text)
        let error = try #require(throws: DecodingError.self) { try JSONDecoder().decode(PortRange.self, from: json) }
        #expect("\(error)".contains("write 31000-32000"))
    }
}
