import ArgumentParser
import AsyncHTTPClient
import FlockCore
import FlockDaemon
import FlockHook
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1

/// What `hooks/post-receive` runs: tells flock-hook what GitHub would, and shows the pusher how it goes.
struct DeliverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliver",
        abstract: "Tell flock-hook what was pushed to a bare repository; hooks/post-receive runs it.",
        discussion: "Reads \"OLD NEW REF\" lines from standard input, as git gives them to a post-receive hook.")

    @OptionGroup var options: DaemonOptions
    @Option(help: "The bare repository.") var repository: String
    @Option(help: "File with the repository's secret; else the one of \"flock repo create\".") var secretFile: String?
    @Option(
        help: "Where flock-hook takes deliveries, as in http://HOST:9000/hooks; else its socket in the state folder.")
    var hook: String?

    func run() async throws {
        try await Connection.run(options) { connection in
            let path = URL(fileURLWithPath: repository).standardizedFileURL.path
            let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
            let file = secretFile ?? "\(connection.state.secrets)/\(name)"
            guard let data = FileManager.default.contents(atPath: file) else {
                Output.complain(
                    "flock: the secret in \(file) cannot be read; name it with: git config flock.secretfile FILE")
                throw ExitCode.failure
            }
            let secret = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            var changes: [LocalDelivery.Change] = []
            while let line = readLine() {
                let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
                guard parts.count == 3 else { continue }
                changes.append(.init(ref: parts[2], before: parts[0], after: parts[1]))
            }
            let push = LocalDelivery(repository: path, changes: changes)
            guard try await deliver(push, secret: Array(secret.utf8), connection) else { throw ExitCode.failure }
        }
    }

    /// - Returns: whether nothing failed.
    private func deliver(_ push: LocalDelivery, secret: [UInt8], _ connection: Connection) async throws -> Bool {
        let body = try JSONEncoder().encode(push)
        let socket = URL(httpURLWithSocketPath: connection.state.socket(.hook), uri: "/hooks")
        var request = HTTPClientRequest(url: hook ?? socket?.absoluteString ?? "")
        request.method = .POST
        request.headers = [
            "Content-Type": "application/json", "User-Agent": "flock deliver", "X-Flock-Event": "push",
            // Random, since a push from A to B may come twice.
            "X-Flock-Delivery": UUID().uuidString.lowercased(),
            "X-Flock-Signature-256": WebhookSignature.sign(Array(body), secret: secret),
        ]
        request.body = .bytes(ByteBuffer(data: body))
        let answer: DeliveryAnswer
        do {
            let response = try await connection.http.execute(request, timeout: .seconds(30))
            answer = try JSONDecoder().decode(
                DeliveryAnswer.self, from: Data(buffer: try await response.body.collect(upTo: 16 << 20)))
        } catch {
            Output.write(
                "Flock: flock-hook does not answer. What you pushed is kept, and is deployed when it is back.\n")
            return false
        }
        guard let changes = answer.changes else {
            Output.write("Flock: \(answer.message)\n")
            return answer.code == ReasonCode.nothingChanged.rawValue
        }
        let isOne = Set(changes.map(\.repository)).count == 1
        var isGood = true
        for change in changes {
            if !isOne { Output.write("Flock: \(change.repository)\n") }
            // A look at the branch may have been quicker, so that its deploy is under way, or over.
            if let deploy = change.deploy, change.state != DeployRecord.State.ignored.rawValue {
                if try await follow(deploy, connection) == .failed { isGood = false }
            } else {
                Output.write("Flock: \(change.message)\n")
            }
        }
        return isGood
    }

    private func follow(_ deploy: Int64, _ connection: Connection) async throws -> DeployRecord.State {
        try await DeployStory(connection.part(.hook)).follow(deploy) { event, _ in
            switch event.state {
            case .live: Output.write("Flock: \(event.text)\n")
            case .failed: Output.write("Flock: deploy \(deploy) failed: \(event.text)\n")
            case .superseded, .cancelled: Output.write("Flock: \(event.state.rawValue): \(event.text)\n")
            // What a build prints.
            case _ where event.text.hasPrefix("  "): Output.write("     \(event.text)\n")
            default: Output.write("-----> \(event.text)\n")
            }
        }
    }
}
