public import AsyncHTTPClient
import Foundation
import NIOCore
public import NIOHTTP1
import NIOSSL

/// Asks another part of Flock: over its unix socket, or on another machine over TCP with the token that both have.
public struct PartClient: Sendable {
    /// Why a part did not answer as asked.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        public enum Code: String, Sendable {
            /// Nobody answers there.
            case unreachable = "part_unreachable"
            case refused = "part_refused"
            case notFound = "part_not_found"
            /// Another one has what was asked for.
            case conflict = "part_conflict"
        }

        public var code: Code
        public var part: StateFolder.Part
        public var message: String
        /// What the part itself says about a refusal, with a code of its own.
        public var reason: Reason?

        public struct Reason: Decodable, Sendable, Hashable {
            public var code: String
            public var message: String
        }

        public var description: String {
            if let reason { return "\(reason.message) [\(reason.code)]" }
            return "flock-\(part.rawValue): \(message) [\(code.rawValue)]"
        }
    }

    private enum Target: Sendable {
        case socket(String)
        case machine(URL, BearerToken, TLSConfiguration?)
    }

    private let part: StateFolder.Part
    private let target: Target
    private let http: HTTPClient

    public init(_ part: StateFolder.Part, state: StateFolder, http: HTTPClient) {
        self.part = part
        self.http = http
        target = .socket(state.socket(part))
    }

    /// - Parameter settings: with the token, and the authority that signed the part's certificate.
    public init(
        _ part: StateFolder.Part, at address: PartAddress, settings: Settings.Parts, state: StateFolder,
        http: HTTPClient
    ) {
        self.part = part
        self.http = http
        switch address {
        case .local: target = .socket(state.socket(part))
        case .remote(let url):
            var tls: TLSConfiguration?
            if !settings.authority.file.isEmpty {
                tls = .makeClientConfiguration()
                tls?.trustRoots = .file(settings.authority.file)
            }
            target = .machine(url, BearerToken(file: settings.token.file), tls)
        }
    }

    /// Where the part is asked, for people.
    public var place: String {
        switch target {
        case .socket(let path): path
        case .machine(let url, _, _): url.absoluteString
        }
    }

    /// - Parameters:
    ///   - uri: path and query.
    ///   - timeout: for the answer to begin and between its pieces.
    /// - Returns: the answer's JSON, decoded by ``PartJSON``.
    public func ask<Answer: Decodable>(
        _ method: HTTPMethod = .GET, _ uri: String, timeout: Duration = .seconds(15), as _: Answer.Type = Answer.self
    ) async throws -> Answer {
        let body = try await open(method, uri, timeout: timeout).collect(upTo: 64 << 20)
        return try PartJSON.decoder.decode(Answer.self, from: Data(body.readableBytesView))
    }

    /// The answer's body as it comes.
    public func open(
        _ method: HTTPMethod = .GET, _ uri: String, timeout: Duration = .seconds(15)
    ) async throws -> HTTPClientResponse.Body {
        var request = try request(uri)
        request.method = method
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, timeout: .nanoseconds(Int64(timeout / .nanoseconds(1))))
        } catch {
            throw Failure(
                code: .unreachable, part: part, message: "does not answer at \(place); is it running? (\(error))")
        }
        guard (200..<300).contains(Int(response.status.code)) else {
            let body = try? await response.body.collect(upTo: 64 << 10)
            let text = body.map { String(decoding: $0.readableBytesView, as: UTF8.self) } ?? ""
            let code: Failure.Code =
                switch response.status {
                case .notFound: .notFound
                case .conflict: .conflict
                default: .refused
                }
            throw Failure(
                code: code, part: part, message: "answered \(response.status.code) \(text)",
                reason: try? JSONDecoder().decode(Failure.Reason.self, from: Data(text.utf8)))
        }
        return response.body
    }

    private func request(_ uri: String) throws -> HTTPClientRequest {
        let url =
            switch target {
            case .socket(let path): URL(httpURLWithSocketPath: path, uri: uri)
            case .machine(let base, _, _): URL(string: uri, relativeTo: base)
            }
        guard let url else { throw Failure(code: .refused, part: part, message: "\(uri) is no path") }
        var request = HTTPClientRequest(url: url.absoluteString)
        if case .machine(_, let token, let tls) = target {
            guard token.isUsable, let authorization = token.authorization else {
                throw Failure(
                    code: .refused, part: part, message: "not asked: the file of parts.token is missing or too short")
            }
            request.headers.add(name: "Authorization", value: authorization)
            request.tlsConfiguration = tls
        }
        return request
    }
}
