public import AsyncHTTPClient
import Foundation
import NIOCore
public import NIOHTTP1

/// Asks another part of Flock over its unix socket.
public struct PartClient: Sendable {
    /// Why a part did not answer as asked.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        public enum Code: String, Sendable {
            /// Nobody listens on the socket.
            case unreachable = "part_unreachable"
            case refused = "part_refused"
            case notFound = "part_not_found"
        }

        public var code: Code
        public var part: StateFolder.Part
        public var message: String

        public var description: String { "flock-\(part.rawValue): \(message) [\(code.rawValue)]" }
    }

    private let part: StateFolder.Part
    private let socket: String
    private let http: HTTPClient

    public init(_ part: StateFolder.Part, state: StateFolder, http: HTTPClient) {
        self.part = part
        self.http = http
        socket = state.socket(part)
    }

    /// - Parameters:
    ///   - uri: path and query.
    ///   - timeout: for the answer to begin and between its pieces.
    /// - Returns: the answer's JSON, decoded; dates are ISO 8601.
    public func ask<Answer: Decodable>(
        _ method: HTTPMethod = .GET, _ uri: String, timeout: Duration = .seconds(15), as _: Answer.Type = Answer.self
    ) async throws -> Answer {
        let body = try await open(method, uri, timeout: timeout).collect(upTo: 64 << 20)
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(Answer.self, from: Data(body.readableBytesView))
    }

    /// The answer's body as it comes.
    public func open(
        _ method: HTTPMethod = .GET, _ uri: String, timeout: Duration = .seconds(15)
    ) async throws -> HTTPClientResponse.Body {
        guard let url = URL(httpURLWithSocketPath: socket, uri: uri) else {
            throw Failure(code: .refused, part: part, message: "\(uri) is no path")
        }
        var request = HTTPClientRequest(url: url.absoluteString)
        request.method = method
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, timeout: .nanoseconds(Int64(timeout / .nanoseconds(1))))
        } catch {
            throw Failure(code: .unreachable, part: part, message: "does not answer at \(socket); is it running?")
        }
        guard (200..<300).contains(Int(response.status.code)) else {
            let body = try? await response.body.collect(upTo: 4096)
            let text = body.map { String(decoding: $0.readableBytesView, as: UTF8.self) } ?? ""
            throw Failure(
                code: response.status == .notFound ? .notFound : .refused, part: part,
                message: "answered \(response.status.code) \(text)")
        }
        return response.body
    }
}
