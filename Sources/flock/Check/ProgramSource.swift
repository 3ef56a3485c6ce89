import FlockCore
import Foundation
import Subprocess

/// Where a program's files are read: a folder, or a commit of a repository.
///
/// Commits are read by git itself: in a pre-receive hook, what is pushed is in a quarantine that git's environment
/// names, and that libgit2 1.5 does not look at.
struct ProgramSource: Sendable {
    /// As it was given.
    let path: String
    let commit: String?
    /// Within the repository.
    let folder: String

    /// What a deploy reads at most.
    private static let limit = 256 << 10

    /// What precedes the names of files in messages.
    var place: String {
        if commit != nil { return folder.isEmpty ? "" : "\(folder)/" }
        let folder = isFile ? (path as NSString).deletingLastPathComponent : path
        return folder.isEmpty || folder == "." ? "" : folder.hasSuffix("/") ? folder : "\(folder)/"
    }

    func files() async throws -> ProgramFiles {
        if let commit { return try await files(at: commit) }
        let root = isFile ? (path as NSString).deletingLastPathComponent : path
        let folder = root.isEmpty ? "." : root
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw CommandError(.nothingToCheck, "\(path): is not there; name a program's folder or its package.json")
        }
        return ProgramFiles(
            packageJSON: try read("\(folder)/\(isFile ? (path as NSString).lastPathComponent : "package.json")"),
            procfile: try read("\(folder)/Procfile"), names: Set(names))
    }

    private var isFile: Bool {
        FileManager.default.fileExists(atPath: path)
            && (try? FileManager.default.contentsOfDirectory(atPath: path)) == nil
    }

    private func read(_ file: String) throws -> [UInt8]? {
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
        defer { try? handle.close() }
        let data = try handle.read(upToCount: Self.limit + 1) ?? Data()
        guard data.count <= Self.limit else { throw Self.tooLarge(file) }
        return Array(data)
    }

    // MARK: A commit

    private func files(at commit: String) async throws -> ProgramFiles {
        guard !commit.isEmpty, !commit.hasPrefix("-"), !commit.contains(":"), !commit.contains("\0") else {
            throw CommandError(.nothingToCheck, "\"\(commit)\" is no commit")
        }
        var files = ProgramFiles(packageJSON: nil)
        let tree = "\(commit)^{commit}:\(folder)"
        for line in String(decoding: try await git(["ls-tree", "-z", "-l", tree]), as: UTF8.self).split(separator: "\0")
        {
            // MODE TYPE ID SIZE<tab>NAME
            let parts = line.split(separator: "\t", maxSplits: 1)
            let words = parts[0].split(separator: " ")
            guard parts.count == 2, words.count == 4 else { continue }
            let name = String(parts[1])
            files.names.insert(name)
            guard name == "package.json" || name == "Procfile", words[1] == "blob", words[0].hasPrefix("100") else {
                continue
            }
            guard Int(words[3]) ?? .max <= Self.limit else { throw Self.tooLarge(name) }
            let content = try await git(["cat-file", "blob", String(words[2])])
            if name == "Procfile" { files.procfile = content } else { files.packageJSON = content }
        }
        return files
    }

    private func git(_ arguments: [String]) async throws -> [UInt8] {
        // Objects that were pushed are found by the environment, and so is nothing of the machine's configuration.
        let environment = Environment.inherit.updating(["GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"])
        let isBare = FileManager.default.fileExists(atPath: "\(path)/HEAD")
        let result = try await Subprocess.run(
            .name("git"), arguments: Arguments((isBare ? ["--git-dir", path] : ["-C", path]) + arguments),
            environment: environment, output: .bytes(limit: 8 << 20), error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else {
            let why = result.standardError.split(separator: "\n").last.map(String.init) ?? "git failed"
            throw CommandError(.nothingToCheck, "\(path): \(commit ?? ""): \(why)")
        }
        return result.standardOutput
    }

    private static func tooLarge(_ file: String) -> CommandError {
        CommandError(.nothingToCheck, "\(file): is larger than \(limit >> 10) KiB, which a deploy would refuse")
    }
}
