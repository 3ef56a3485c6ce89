import FlockCore
import Foundation
import Testing

@Suite struct PartJSONTests {
    @Test func `moments are written to the millisecond`() throws {
        let moment = Date(timeIntervalSince1970: 1_772_352_000.125)
        let json = try PartJSON.encoder.encode([moment])
        #expect(String(decoding: json, as: UTF8.self) == #"["2026-03-01T08:00:00.125Z"]"#)
        let read = try PartJSON.decoder.decode([Date].self, from: json)
        #expect(abs(read[0].timeIntervalSince(moment)) < 0.0005)
    }

    @Test(arguments: [
        ("2026-03-01T08:00:00Z", 0), ("2026-03-01T10:00:00+02:00", 0), ("2026-03-01T08:00:00.205705+00:00", 0.205705),
        ("2026-03-01T08:00:00.5Z", 0.5),
    ])
    func `moments are read with and without fractions, in any zone`(_ text: String, _ fraction: Double) throws {
        let read = try PartJSON.decoder.decode([Date].self, from: JSONEncoder().encode([text]))
        #expect(abs(read[0].timeIntervalSince1970 - 1_772_352_000 - fraction) < 0.001)
    }

    @Test(arguments: ["", "yesterday", "2026-03-01", "08:00:00Z"])
    func `what is no moment is an error`(_ text: String) throws {
        let json = try JSONEncoder().encode([text])
        #expect(throws: DecodingError.self) { try PartJSON.decoder.decode([Date].self, from: json) }
    }
}
