import FlockCore
import Foundation
import Testing

@Suite struct TimeSpanTests {
    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("30s", .seconds(30)), ("5m", .seconds(300)), ("2h", .seconds(7200)),
        ("1d", .seconds(86_400)), ("1.5s", .milliseconds(1500)), ("0s", .zero), ("366d", .seconds(366 * 86_400)),
    ])
    func `lengths of time are read as people write them`(_ text: String, _ expected: Duration) {
        #expect(TimeSpan(text)?.duration == expected)
    }

    @Test(arguments: ["", "s", "5", "5 s", "-5s", "soon", "5w", "nans", "infs", "367d", "5S", "1e300s"])
    func `what is no length of time is refused`(_ text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test(arguments: [
        ("1000ms", "1s"), ("90s", "90s"), ("60s", "1m"), ("24h", "1d"), ("1.5s", "1500ms"), ("0s", "0ms"),
        ("48h", "2d"),
    ])
    func `a length of time is said in the largest whole unit`(_ text: String, _ expected: String) {
        #expect(TimeSpan(text)?.description == expected)
    }

    @Test func `a document keeps it as text`() throws {
        let spans = [TimeSpan(.seconds(90)), TimeSpan(.milliseconds(5))]
        let json = try JSONEncoder().encode(spans)
        #expect(String(decoding: json, as: UTF8.self) == #"["90s","5ms"]"#)
        #expect(try JSONDecoder().decode([TimeSpan].self, from: json) == spans)
    }

    @Test func `an error shows what would be right`() throws {
        let error = try #require(throws: DecodingError.self) {
            try JSONDecoder().decode([TimeSpan].self, from: Data(#"["soon"]"#.utf8))
        }
        #expect("\(error)".contains("250ms, 30s, 5m, 2h or 1d"))
    }
}
