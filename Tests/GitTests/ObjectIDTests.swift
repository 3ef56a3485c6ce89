import Foundation
import Testing

@testable import Git

@Suite struct ObjectIDTests {
    private let hex = "89ABCDEF0123456789abcdef0123456789abcdef"

    @Test func isFortyHexadecimalDigits() throws {
        let id = try #require(ObjectID(hex))
        #expect(id.description == hex.lowercased())
        #expect(!id.isZero)
        #expect(ObjectID(id.oid) == id)
        #expect(ObjectID(hex.lowercased()) == id)
    }

    @Test(arguments: [
        "", "89abcdef", String(repeating: "0", count: 39), String(repeating: "0", count: 41),
        String(repeating: "g", count: 40), String(repeating: "0", count: 39) + "\0", String(repeating: "٣", count: 20),
    ])
    func refusesOtherText(_ text: String) {
        #expect(ObjectID(text) == nil)
    }

    @Test func knowsTheZeroID() throws {
        #expect(try #require(ObjectID(String(repeating: "0", count: 40))).isZero)
    }

    @Test func isCodedAsText() throws {
        let id = try #require(ObjectID(hex))
        let json = try JSONEncoder().encode([id])
        #expect(String(decoding: json, as: UTF8.self) == "[\"\(hex.lowercased())\"]")
        #expect(try JSONDecoder().decode([ObjectID].self, from: json) == [id])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([ObjectID].self, from: Data("[\"main\"]".utf8))
        }
    }
}
