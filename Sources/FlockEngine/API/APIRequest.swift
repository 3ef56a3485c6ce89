import Foundation
import Hummingbird
import NIOCore

/// A request as Marathon reads it.
struct APIRequest: Sendable {
    /// A definition is a page of text; a group of thousands stays below.
    private static let bodyLimit = 8 << 20

    private let request: Request
    /// The segments behind the route, as in an id: empty ones are dropped, as clients send `/v2/apps//id`, and `.` and
    /// `..` are followed. An escaped slash is one.
    let path: [String]
    private let query: [(name: String, value: String)]

    /// - Throws: ``EngineError`` `malformed` for a path that leads out of the route or is badly escaped.
    init(_ request: Request, _ context: BasicRequestContext) throws {
        self.request = request
        let text = context.parameters.getCatchAll().joined(separator: "/").removingPercentEncoding
        guard let path = text.flatMap({ DefinitionPath.resolve($0, under: DefinitionPath.root) }) else {
            throw EngineError(code: .malformed, message: "Bad URI")
        }
        self.path = path.split(separator: "/").map(String.init)
        query = (request.uri.query ?? "").split(separator: "&").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(sides[0]), sides.count > 1 ? Self.decoded(sides[1]) : "")
        }
    }

    /// As forms are encoded: a plus is a space. What is badly escaped stays as it is.
    private static func decoded(_ text: Substring) -> String {
        let spaced = text.replacingOccurrences(of: "+", with: " ")
        return spaced.removingPercentEncoding ?? spaced
    }

    var uri: String { request.uri.path }
    var accept: String? { request.headers[.accept] }
    /// Only programs of this machine reach the port, unless settings say otherwise.
    var clientIP: String { "127.0.0.1" }
    var authority: String? { request.head.authority }

    func value(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// All values of a parameter, of its form with brackets too.
    func values(_ name: String) -> [String] {
        query.filter { $0.name == name || $0.name == "\(name)[]" }.map(\.value)
    }

    /// Case does not matter: Python's clients send `True`.
    func flag(_ name: String, default other: Bool = false) -> Bool {
        value(name).map { $0.lowercased() == "true" } ?? other
    }

    /// What is asked to be embedded, without the prefixes, which mean the same.
    var embeds: Set<String> {
        Set(
            values("embed").map { embed in
                ["group.apps.", "group.groups.", "group.", "apps.", "app."].first { embed.hasPrefix($0) }.map {
                    String(embed.dropFirst($0.count))
                } ?? embed
            })
    }

    /// - Throws: ``EngineError`` `syntax` for none and for one that is too large.
    func body() async throws -> [UInt8] {
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: Self.bodyLimit)
        } catch {
            throw EngineError(code: .syntax, message: "the body is larger than \(Self.bodyLimit) bytes")
        }
        return Array(buffer.readableBytesView)
    }
}
