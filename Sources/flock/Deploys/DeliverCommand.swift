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
    @Option(
        name: .customLong("secret-file"),
        help:
            "File with the repository's secret, once for each that its programs have; else that of \"flock repo create\"."
    )
    var secretFiles: [String] = []
    @Option(
        help: "Where flock-hook takes deliveries, as in http://HOST:9000/hooks; else its socket in the state folder.")
    var hook: String?

    func run() async throws {
        try await Connection.run(options) { connection in
            let path = URL(fileURLWithPath: repository).standardizedFileURL.path
            let name = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
            let files = secretFiles.isEmpty ? ["\(connection.state.secrets)/\(name)"] : secretFiles
            let secrets = try files.map(Self.secret(in:))
            var changes: [LocalDelivery.Change] = []
            while let line = readLine() {
                let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
                guard parts.count == 3 else { continue }
                changes.append(.init(ref: parts[2], before: parts[0], after: parts[1]))
            }
            let push = LocalDelivery(repository: path, changes: changes)
            guard try await deliver(push, secrets: secrets, connection) else { throw ExitCode.failure }
        }
    }

    private static func secret(in file: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: file) else {
            Output.complain(
                "flock: the secret in \(file) cannot be read; name it with: git config flock.secretfile FILE")
            throw ExitCode.failure
        }
        return Array(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines).utf8)
    }

    /// - Returns: whether nothing failed.
    private func deliver(_ push: LocalDelivery, secrets: [[UInt8]], _ connection: Connection) async throws -> Bool {
        // Random, since a push from A to B may come twice; but one for all secrets, of which a program may have two.
        let id = UUID().uuidString.lowercased()
        var isGood = true
        var changes: [DeliveryAnswer.Change] = []
        for secret in secrets {
            guard let answer = try await deliver(push, id: id, secret: secret, connection) else {
                Output.write(
                    "Flock: flock-hook does not answer. What you pushed is kept, and is deployed when it is back.\n")
                return false
            }
            let known = Set(changes.map(\.repository))
            changes += (answer.changes ?? []).filter { !known.contains($0.repository) }
            if answer.changes == nil {
                Output.write("Flock: \(answer.message)\n")
                if answer.code != ReasonCode.nothingChanged.rawValue { isGood = false }
            }
        }
        let isOne = Set(changes.map(\.repository)).count == 1
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

    /// - Returns: `nil` when nobody answers.
    private func deliver(
        _ push: LocalDelivery, id: String, secret: [UInt8], _ connection: Connection
    ) async throws -> DeliveryAnswer? {
        let body = try JSONEncoder().encode(push)
        let socket = URL(httpURLWithSocketPath: connection.state.socket(.hook), uri: "/hooks")
        var request = HTTPClientRequest(url: hook ?? socket?.absoluteString ?? "")
        request.method = .POST
        request.headers = [
            "Content-Type": "application/json", "User-Agent": "flock deliver", "X-Flock-Event": "push",
            "X-Flock-Delivery": id,
            "X-Flock-Signature-256": WebhookSignature.sign(Array(body), secret: secret),
        ]
        request.body = .bytes(ByteBuffer(data: body))
        guard let response = try? await connection.http.execute(request, timeout: .seconds(30)),
            let data = try? await response.body.collect(upTo: 16 << 20)
        else { return nil }
        return try? JSONDecoder().decode(DeliveryAnswer.self, from: Data(buffer: data))
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
