import FlockCore
import Foundation

/// `Tests/Fixtures/names.json`: inputs and what has to come out, the same for every implementation of the names.
struct NamesFixture: Decodable, Sendable {
    struct Case: Decodable, Sendable {
        enum CodingKeys: String, CodingKey {
            case input = "in"
            case output = "out"
        }

        var input: JSONValue
        var output: JSONValue

        var text: String? {
            if case .string(let text) = input { return text }
            return nil
        }

        /// The code of the error that has to be thrown.
        var errorCode: String? {
            guard case .object(let keys) = output, case .string(let code) = keys["error"] else { return nil }
            return code
        }
    }

    struct App: Decodable, Sendable {
        var name: String
        var version: String
        var branch: String?
        var id: String
        var hosts: [String]
    }

    struct Backends: Decodable, Sendable {
        var ids: [String]
        var out: [String: String]
    }

    var slug: [Case]
    var version: [Case]
    var branch: [Case]
    var app: [App]
    var haproxy: [Backends]

    static let shared: NamesFixture = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/names.json")
        do {
            return try JSONDecoder().decode(NamesFixture.self, from: Data(contentsOf: file))
        } catch {
            fatalError("\(file.path): \(error)")
        }
    }()
}
