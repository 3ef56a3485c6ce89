import AsyncHTTPClient
import Crypto
import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOCore
import NIOHTTP1

/// A bare repository with a program that starts in a millisecond. Pushing tells nobody: the test delivers what a forge
/// would, or does not.
struct HostedRepository: Sendable {
    let name: String
    let bare: String
    let program: Program
    private static let secret = "a secret of tests"

    init(_ name: String, server: EchoServer, in site: Site) async throws {
        self.name = name
        bare = "\(site.state)/git/\(name).git"
        program = Program(path: "\(site.folder.path)/work/\(name)")
        for folder in ["\(site.state)/git", "\(site.state)/secrets", program.path] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try Self.secret.write(toFile: "\(site.state)/secrets/\(name)", atomically: true, encoding: .utf8)
        try await program.git(["init", "-q", "--bare", "-b", "main", bare])
        try await program.git(["init", "-q", "-b", "main"])
        try await program.git(["remote", "add", "flock", bare])
        try FileManager.default.copyItem(atPath: server.path, toPath: "\(program.path)/echo")
    }

    /// Commits something new and pushes it.
    /// - Parameters:
    ///   - branch: where to.
    ///   - flock: more of the key `flock`, after a comma.
    /// - Returns: the commit.
    func push(
        _ text: String, version: String = "1.0.0", to branch: String = "main", flock: String = ""
    ) async throws -> String {
        try await program.commit([
            "package.json": """
            {"name": "\(name)", "version": "\(version)", "description": "\(text)", "scripts": {"start": "exec ./echo"},
             "flock": {"cpus": 0.01, "mem": 8\(flock)}, "checks": [{"path": "/health", "intervalSeconds": 1}]}

            """
        ])
        try await program.git(["push", "-q", "--force", "flock", "HEAD:refs/heads/\(branch)"])
        return try await program.git(["rev-parse", "HEAD"]).output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// What flock-hook answered to a delivery.
    struct Answer: Decodable, Sendable {
        struct Change: Decodable, Sendable {
            var repository: String
            var deploy: Int64?
            var code: String?
        }
        var deploy: Int64?
        var state: String?
        var code: String?
        var message: String
        var changes: [Change]?
    }

    /// Tells flock-hook of a push, as GitHub would: once.
    /// - Returns: `nil` when nobody answered.
    func deliver(
        _ commit: String, to branch: String = "main", id: String = UUID().uuidString, _ site: Site
    ) async -> (status: Int, answer: Answer)? {
        let body = """
            {"ref": "refs/heads/\(branch)", "before": "\(String(repeating: "0", count: 40))", "after": "\(commit)",
             "repository": {"clone_url": "\(bare)"}}
            """
        let signature = HMAC<SHA256>.authenticationCode(
            for: Data(body.utf8), using: SymmetricKey(data: Data(Self.secret.utf8)))
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(site.hookPort)/hooks")
        request.method = .POST
        request.headers = [
            "X-GitHub-Event": "push", "X-GitHub-Delivery": id, "Content-Type": "application/json",
            "X-Hub-Signature-256": "sha256=" + signature.map { String(format: "%02x", $0) }.joined(),
        ]
        request.body = .bytes(ByteBuffer(string: body))
        guard let response = try? await site.http.execute(request, timeout: .seconds(60)),
            let data = try? await response.body.collect(upTo: 1 << 20),
            let answer = try? JSONDecoder().decode(Answer.self, from: Data(data.readableBytesView))
        else { return nil }
        return (Int(response.status.code), answer)
    }
}

/// A row of `flock deploys --json`.
struct DeployRow: Decodable, Sendable {
    var id: Int64
    var repository: String
    var ref: String
    var commit: String
    var state: String
    var code: String?
    var reason: String?
    var attempts: Int
    var release: Int?

    var isFinal: Bool { ["live", "failed", "ignored", "superseded", "cancelled"].contains(state) }
}

extension Site {
    /// All deploys, oldest first.
    func deploys(_ more: [String] = []) async throws -> [DeployRow] {
        let ran = try await flock(["deploys", "--json", "--limit", "10000"] + more)
        guard ran.isSuccess else { throw NeverHappened(description: "flock deploys: \(ran.output)") }
        return try JSONDecoder().decode([DeployRow].self, from: Data(ran.output.utf8)).reversed()
    }

    /// Delivers a commit and waits until it is live, by that delivery or because flock-hook found it first.
    /// - Returns: the deploy.
    @discardableResult
    func isLive(_ commit: String, of repository: HostedRepository) async throws -> Int64 {
        try await isHealthy([.hook])
        _ = await repository.deliver(commit, self)
        var deploy: DeployRow?
        try await eventually("\(commit) is live", within: .seconds(180)) {
            let deploys = try await deploys()
            deploy = deploys.first { $0.commit == commit && $0.state == "live" }
            return deploy != nil && deploys.allSatisfy(\.isFinal)
        }
        return deploy?.id ?? 0
    }

    /// Tasks that came as far as running their program. One whose code could not be fetched, since flock-hook was away,
    /// did not.
    var starts: Int { log("flock-engine").components(separatedBy: "task started").count - 1 }

    /// The commit of an app that Marathon has.
    func commit(of id: String) async throws -> String? {
        try await marathon.app(id)?.labels[Label.commit]
    }
}
