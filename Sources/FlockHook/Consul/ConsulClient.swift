import AsyncHTTPClient
import FlockCore
import Foundation
import NIOCore
import NIOHTTP1

/// As much of Consul's HTTP API as an environment and the catalogue need.
/// Source: Consul, "KV Store HTTP API" and "Catalog HTTP API".
struct ConsulClient: Sendable {
    let url: URL
    /// Read at each request; empty where Consul asks for none.
    let token: Settings.SecretFile
    let http: HTTPClient

    private static let bodyLimit = 8 << 20

    private struct Entry: Decodable {
        var key: String
        /// In base64; `nil` where it is empty.
        var value: String?

        enum CodingKeys: String, CodingKey {
            case key = "Key"
            case value = "Value"
        }
    }

    /// All keys below a prefix, without it, and what they hold. None is no error.
    /// - Throws: ``DeployFailure``.
    func values(below prefix: String) async throws(DeployFailure) -> [String: String] {
        let path = prefix.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? prefix
        guard let body = try await send(.GET, "/v1/kv/\(path)?recurse=true", body: nil) else { return [:] }
        guard let entries = try? JSONDecoder().decode([Entry].self, from: body) else {
            throw DeployFailure(
                code: "consul_answer", message: "Consul's answer for \(prefix) is not what it documents")
        }
        var values: [String: String] = [:]
        // A key that ends with a slash is a folder.
        for entry in entries where entry.key.hasPrefix(prefix) && !entry.key.hasSuffix("/") {
            let key = String(entry.key.dropFirst(prefix.count))
            guard let data = Data(base64Encoded: entry.value ?? ""), let text = String(data: data, encoding: .utf8),
                !text.utf8.contains(0)
            else {
                throw DeployFailure(
                    code: "consul_value", message: "the value of \(entry.key) in Consul is not UTF-8 text")
            }
            values[key] = text
        }
        return values
    }

    /// Enters an app's address into the catalogue.
    /// - Throws: ``DeployFailure``.
    func register(_ entry: ConsulEntry) async throws(DeployFailure) {
        let body: Data
        do {
            body = try JSONEncoder().encode(entry)
        } catch {
            throw DeployFailure(code: "internal", message: "\(error)")
        }
        _ = try await send(.PUT, "/v1/catalog/register", body: body)
    }

    /// - Returns: `nil` for what is not there.
    private func send(_ method: HTTPMethod, _ path: String, body: Data?) async throws(DeployFailure) -> Data? {
        func failure(_ why: String) -> DeployFailure {
            DeployFailure(code: "consul_unreachable", message: "Consul at \(url.absoluteString) \(why)")
        }
        var base = url.absoluteString
        while base.hasSuffix("/") { base.removeLast() }
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        if !token.file.isEmpty {
            guard let text = try? String(contentsOfFile: token.file, encoding: .utf8) else {
                throw DeployFailure(
                    code: "consul_token", message: "the file of hook.consul.token, \(token.file), cannot be read")
            }
            let value = text.trimmingCharacters(in: .whitespacesAndNewlines)
            // The client would repeat one that is no header in its error.
            guard !value.isEmpty, value.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw DeployFailure(
                    code: "consul_token", message: "the file of hook.consul.token, \(token.file), holds no token")
            }
            request.headers.add(name: "X-Consul-Token", value: value)
        }
        let response: HTTPClientResponse
        let answer: ByteBuffer
        do {
            response = try await http.execute(request, timeout: .seconds(10))
            answer = try await response.body.collect(upTo: Self.bodyLimit)
        } catch {
            throw failure("does not answer: \(error)")
        }
        switch response.status.code {
        case 200: return Data(answer.readableBytesView)
        case 404: return nil
        case 403: throw failure("does not let this token read or write \(path) (403); see hook.consul.token")
        default: throw failure("answered \(response.status.code)")
        }
    }
}
