import ArgumentParser
import FlockCore
import FlockDaemon
import Foundation
import Git
import Subprocess

struct CreateRepoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make a bare repository that deploys what is pushed to its branch main.",
        discussion: """
            EXAMPLES
              flock repo create shop
              git remote add flock …            the line that it prints
              git push flock main
            """)

    @Argument(help: "Letters, digits and hyphens.") var name: String
    @OptionGroup var options: DaemonOptions
    @Flag(help: "Print JSON.") var json = false

    private struct Created: Encodable {
        var path: String
        var remote: String
    }

    func validate() throws {
        guard Slug(name) != nil else {
            throw ValidationError(
                "\"\(name)\" is no name for a repository: use lower-case letters, digits and single hyphens.")
        }
    }

    func run() async throws {
        try await Connection.run(options) { connection in
            let path = "\(connection.state.repositories)/\(name).git"
            try make(connection.state.path)
            try make(connection.state.repositories)
            try make(connection.state.secrets)
            do {
                try GitRepository.createBare(at: path)
            } catch let error as GitError where error.code == .alreadyExists {
                Output.complain("flock: \(path) is there already; push to it with: git remote add flock \(path)")
                throw ExitCode.failure
            }
            let secret = (0..<32).map { _ in String(UInt8.random(in: 16...255), radix: 16) }.joined()
            try write(secret + "\n", to: "\(connection.state.secrets)/\(name)", mode: 0o600)
            try make("\(path)/hooks")
            for (hook, text) in [
                ("post-receive", PackageResources.post_receive), ("pre-receive", PackageResources.pre_receive),
            ] {
                try write(String(decoding: text, as: UTF8.self), to: "\(path)/hooks/\(hook)", mode: 0o755)
            }
            try await configure(path, connection.state)
            if json { return try Output.write(json: Created(path: path, remote: "git remote add flock \(path)")) }
            Output.write(
                """
                Made \(path). In your program's folder:
                  git remote add flock \(path)
                  git push flock main

                """)
        }
    }

    /// The hooks run in the pusher's environment, so they have to be told where things are.
    private func configure(_ path: String, _ state: StateFolder) async throws {
        var values = [
            ("flock.command", Self.executable), ("flock.state", state.path),
            // Those that deploy, until the settings say otherwise: others may hold anything.
            ("flock.branches", "main master"),
        ]
        if let config = try options.settingsFile().path {
            values.append(("flock.config", URL(fileURLWithPath: config).standardizedFileURL.path))
        }
        for (key, value) in values {
            let result = try await Subprocess.run(
                .name("git"), arguments: ["config", "--file", "\(path)/config", key, value],
                output: .discarded, error: .string(limit: 4096))
            guard result.terminationStatus.isSuccess else {
                Output.complain("flock: git config failed: \(result.standardError)")
                throw ExitCode.failure
            }
        }
    }

    private static var executable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    private func make(_ folder: String) throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    private func write(_ text: String, to path: String, mode: Int) throws {
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: mode])
        else { throw DaemonError(.stateFolder, "\(path) cannot be written") }
    }
}
