import AsyncHTTPClient
import FlockCore
import FlockDaemon
import FlockTesting
import Foundation
import Logging
import NIOCore
import NIOHTTP1

@testable import FlockHook

/// flock-hook's real routers behind real servers. Deliveries are stored; nobody works them off.
struct HookServer: Sendable {
    static let secret = "It's a Secret to Everybody"
    static let formerSecret = "the one before"
    static let otherSecret = "another program's"

    let hook: HookService
    let http: HTTPClient
    let port: Int
    /// Where tasks get their code.
    let codePort: Int
    let folder: TemporaryFolder

    struct Answered: Sendable {
        var status: UInt
        var text: String
        var headers: HTTPHeaders
        var answer: DeliveryAnswer? { try? JSONDecoder().decode(DeliveryAnswer.self, from: Data(text.utf8)) }
    }

    static let repositories = [
        "https://github.com/binkkatal/sample_app", "https://github.com/Codertocat/Hello-World",
        "https://github.com/Octocoders/Hello-World", "https://example.com/mike/diaspora",
        "https://localhost:3000/example/example", "https://bitbucket.org/acme/shop",
        "https://example.com/acme/shop",
    ]

    /// - Parameter more: further entries, whose secrets are the files `new` and `old` of the others, and `other`.
    static func run(
        more: [String] = [], _ body: @Sendable @escaping (HookServer) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        try "\(secret)\n".write(toFile: "\(folder.path)/new", atomically: true, encoding: .utf8)
        try otherSecret.write(toFile: "\(folder.path)/other", atomically: true, encoding: .utf8)
        try formerSecret.write(toFile: "\(folder.path)/old", atomically: true, encoding: .utf8)
        let entries = repositories.map {
            "{url: \"\($0)\", secret: [{file: new}, {file: old}], branches: {master: production, \"x/*\": preview}, "
                + "pullRequests: true}"
        }
        let file = "\(folder.path)/flock.yaml"
        try "state: \(folder.path)/state\nhook: {repositories: [\((entries + more).joined(separator: ", "))]}\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        let settings = try SettingsFile(path: file, environment: [:]).load()
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let hook = try HookService(
            settings: LiveSettings(settings), state: StateFolder(settings.state), logger: logger)
        let ports = try await freePorts(2)
        let servers = [
            ReportingServer(
                .tcp(ListenAddress("127.0.0.1:\(ports[0])")!, setting: "hook.listen"), reporting: hook, logger: logger,
                routes: DeliveryAPI(hook: hook).addRoutes),
            ReportingServer(
                .tcp(ListenAddress("127.0.0.1:\(ports[1])")!, setting: "hook.artifacts"), reporting: hook,
                logger: logger, routes: ArtifactAPI(state: StateFolder(settings.state)).addRoutes),
        ]
        let http = HTTPClient(eventLoopGroupProvider: .singleton)
        let this = HookServer(hook: hook, http: http, port: ports[0], codePort: ports[1], folder: folder)
        let running = servers.map { server in Task { try await server.run() } }
        var failure: (any Error)?
        do {
            for port in ports {
                try await eventually("it listens") {
                    let health = HTTPClientRequest(url: "http://127.0.0.1:\(port)/health")
                    return (try? await http.execute(health, timeout: .seconds(1))) != nil
                }
            }
            try await body(this)
        } catch {
            failure = error
        }
        for task in running { task.cancel() }
        for task in running { _ = try? await task.value }
        try await http.shutdown()
        // A test may have done so.
        try? await hook.close()
        if let failure { throw failure }
    }

    var state: StateFolder { StateFolder("\(folder.path)/state") }
    var url: String { "http://127.0.0.1:\(port)" }

    func send(
        _ body: HTTPClientRequest.Body?, to path: String = "/hooks", method: HTTPMethod = .POST,
        _ headers: [String: String]
    ) async throws -> Answered {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        request.headers = ["Content-Type": "application/json"]
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        request.body = body
        let response = try await http.execute(request, timeout: .seconds(60))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 20))
        return Answered(status: response.status.code, text: text, headers: response.headers)
    }

    func send(
        _ body: [UInt8], to path: String = "/hooks", _ headers: [String: String]
    ) async throws -> Answered {
        try await send(.bytes(ByteBuffer(bytes: body)), to: path, headers)
    }

    /// As each forge sends it.
    /// - Parameter signed: what is signed, if not the body.
    func deliver(
        _ forge: Forge, _ event: String, _ body: [UInt8], to path: String = "/hooks", id: String = UUID().uuidString,
        signed: [UInt8]? = nil, secret: String = HookServer.secret, _ more: [String: String] = [:]
    ) async throws -> Answered {
        let headers = Self.headers(forge, event, signed ?? body, id: id, secret: secret)
        return try await send(body, to: path, headers.merging(more) { _, own in own })
    }

    static func headers(
        _ forge: Forge, _ event: String, _ signed: [UInt8], id: String = UUID().uuidString, secret: String = secret
    ) -> [String: String] {
        let signature = WebhookSignature.sign(signed, secret: Array(secret.utf8))
        let github = [
            "X-GitHub-Event": event, "X-GitHub-Delivery": id, "X-GitHub-Hook-ID": "1",
            "X-Hub-Signature": "sha1=0123456789012345678901234567890123456789", "X-Hub-Signature-256": signature,
            "User-Agent": "GitHub-Hookshot/1",
        ]
        return switch forge {
        case .github: github
        // Source: Gitea, services/webhook/deliver.go: GitHub's and Gogs' headers beside its own.
        case .gitea:
            github.merging([
                "X-Gitea-Event": event, "X-Gitea-Delivery": id, "X-Gitea-Signature": String(signature.dropFirst(7)),
                "X-Gogs-Event": event, "X-Gogs-Delivery": id, "X-Gogs-Signature": String(signature.dropFirst(7)),
            ]) { _, own in own }
        case .gitlab:
            [
                "X-Gitlab-Event": event, "X-Gitlab-Token": secret, "X-Gitlab-Event-UUID": id,
                "X-Gitlab-Instance": "https://example.com", "X-Gitlab-Webhook-UUID": "1",
            ]
        case .bitbucket:
            [
                "X-Event-Key": event, "X-Request-UUID": id, "X-Hook-UUID": "1", "X-Attempt-Number": "1",
                "X-Hub-Signature": signature,
            ]
        case .git: ["X-Flock-Event": event, "X-Flock-Delivery": id, "X-Flock-Signature-256": signature]
        }
    }

    /// `payload=` and the JSON, as browsers encode forms.
    static func form(_ json: [UInt8]) -> [UInt8] {
        Array("payload=".utf8)
            + json.flatMap { byte -> [UInt8] in
                let character = Character(Unicode.Scalar(byte))
                if byte == UInt8(ascii: " ") { return [UInt8(ascii: "+")] }
                if byte < 0x80, character.isLetter || character.isNumber { return [byte] }
                return Array("%\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))".utf8)
            }
    }
}

/// Pushes as GitHub and Bitbucket tell of them.
enum Pushes {
    static let old = "737d38c599c1b2991664dfc6155d6bf516fcce36"
    static let new = "fd489864e7642b48eaad6e3f155c10e46810ec72"
    static let none = String(repeating: "0", count: 40)

    static func github(
        _ ref: String, before: String = old, after: String = new, forced: Bool = false,
        repository: String = "https://github.com/Codertocat/Hello-World"
    ) -> [UInt8] {
        Array(
            """
            {"ref": "\(ref)", "before": "\(before)", "after": "\(after)", "created": \(before == none),
             "deleted": \(after == none), "forced": \(forced), "base_ref": null, "head_commit": null, "commits": [],
             "repository": {"clone_url": "\(repository).git", "html_url": "\(repository)", "pushed_at": 1557933657}}
            """.utf8)
    }

    static func bitbucket(_ changes: String) -> [UInt8] {
        Array(
            """
            {"push": {"changes": [\(changes)]}, "actor": {},
             "repository": {"full_name": "acme/shop", "links": {"html": {"href": "https://bitbucket.org/acme/shop"}}}}
            """.utf8)
    }

    static func bitbucketChange(_ type: String, _ name: String, old: String?, new: String?) -> String {
        func state(_ hash: String?) -> String {
            hash.map { #"{"type": "\#(type)", "name": "\#(name)", "target": {"type": "commit", "hash": "\#($0)"}}"# }
                ?? "null"
        }
        return #"{"old": \#(state(old)), "new": \#(state(new)), "forced": false, "created": false, "closed": false}"#
    }
}
