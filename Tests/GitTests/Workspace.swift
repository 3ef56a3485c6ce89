import Foundation
import Subprocess

@testable import Git

/// A temporary folder with the real git in it, apart from this machine's configuration.
struct Workspace: Sendable {
    let folder: String

    var repository: String { "\(folder)/repository" }
    /// What `GitRepository` opens.
    var bare: String { "\(repository)/.git" }

    /// Runs `body` with a new folder and an empty repository in it, and deletes the folder.
    static func with(_ body: (Workspace) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "git-tests-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let workspace = Workspace(folder: folder)
        try await workspace.run("git", "init", "--quiet", "--initial-branch=main", workspace.repository)
        try await body(workspace)
    }

    /// Runs git in the repository and returns what it prints, without the last line break.
    @discardableResult
    func git(_ arguments: String..., input: [UInt8] = []) async throws -> String {
        try await run(["git", "-C", repository] + arguments, input: input)
    }

    @discardableResult
    func run(_ command: String...) async throws -> String {
        try await run(command, input: [])
    }

    func run(_ command: [String], input: [UInt8]) async throws -> String {
        let result = try await Subprocess.run(
            .name(command[0]), arguments: Arguments(Array(command.dropFirst())), environment: environment,
            input: .array(input), output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw CommandFailure(command: command, message: result.standardError)
        }
        return result.standardOutput.trimmingCharacters(in: .newlines)
    }

    var environment: Environment {
        .custom([
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
            "HOME": folder,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_AUTHOR_DATE": "2024-02-29T12:00:00Z",
            "GIT_COMMITTER_NAME": "Bob", "GIT_COMMITTER_EMAIL": "bob@example.org",
            "GIT_COMMITTER_DATE": "2024-03-01T12:00:00Z",
        ])
    }

    func write(_ content: String, to path: String, executable: Bool = false) throws {
        try write(Array(content.utf8), to: path, executable: executable)
    }

    func write(_ content: [UInt8], to path: String, executable: Bool = false) throws {
        let file = "\(repository)/\(path)"
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(content).write(to: URL(filePath: file))
        try FileManager.default.setAttributes(
            [.posixPermissions: executable ? 0o755 : 0o644], ofItemAtPath: file)
    }

    func link(_ path: String, to target: String) throws {
        let file = "\(repository)/\(path)"
        try FileManager.default.createDirectory(
            atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: target)
    }

    /// Commits all that is in the working tree.
    @discardableResult
    func commit(_ message: String = "change") async throws -> ObjectID {
        try await git("add", "--all", "--force")
        try await git("commit", "--quiet", "--allow-empty", "--message", message)
        return try ObjectID(await git("rev-parse", "HEAD")).orThrow()
    }

    func blob(_ content: String) async throws -> ObjectID {
        try ObjectID(await git("hash-object", "-w", "--stdin", input: Array(content.utf8))).orThrow()
    }

    /// Writes a tree object as it is, which git's own commands would refuse, and commits it.
    func commit(entries: [RawEntry]) async throws -> ObjectID {
        try await commit(tree: tree(entries))
    }

    func tree(_ entries: [RawEntry]) async throws -> ObjectID {
        var bytes: [UInt8] = []
        for entry in entries {
            bytes += Array("\(entry.mode) ".utf8) + entry.name + [0]
            let hex = Array(entry.id.description)
            for index in stride(from: 0, to: 40, by: 2) {
                bytes.append(try UInt8(String(hex[index...(index + 1)]), radix: 16).orThrow())
            }
        }
        return try ObjectID(
            await git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", input: bytes)
        ).orThrow()
    }

    func commit(tree: ObjectID) async throws -> ObjectID {
        try ObjectID(await git("commit-tree", tree.description, "-m", "raw")).orThrow()
    }

    /// What is in a folder: by path, the kind, whether it is executable, and the content or the link's target.
    static func contents(of folder: String) throws -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            let file = "\(folder)/\(path)"
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            switch attributes[.type] as? FileAttributeType {
            case .typeSymbolicLink?:
                let target = try FileManager.default.destinationOfSymbolicLink(atPath: file)
                contents[path] = Array("link ".utf8) + Array(target.utf8)
            case .typeDirectory?:
                contents[path] = Array("folder".utf8)
            default:
                let mode = attributes[.posixPermissions] as? Int ?? 0
                contents[path] =
                    Array("file \(mode & 0o111 != 0) ".utf8) + Array(try Data(contentsOf: URL(filePath: file)))
            }
        }
        return contents
    }
}

/// An entry of a tree object as it is stored.
struct RawEntry {
    let mode: String
    let name: [UInt8]
    let id: ObjectID

    init(_ mode: String, _ name: String, _ id: ObjectID) {
        self.mode = mode
        self.name = Array(name.utf8)
        self.id = id
    }
}

struct CommandFailure: Error {
    let command: [String]
    let message: String
}

extension Optional {
    func orThrow() throws -> Wrapped {
        guard let self else { throw CommandFailure(command: [], message: "no value where one was expected") }
        return self
    }
}
