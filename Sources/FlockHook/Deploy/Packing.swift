import FlockCore
import Foundation
import Git

/// What a commit says about its program, and its code as a file that a task can fetch.
struct Packing: Sendable {
    let state: StateFolder
    let git: GitRepository
    let commit: ObjectID
    /// The program's folder within the repository; empty for all of it.
    let folder: String

    /// The largest lock files that were seen have 10 MB.
    private static let lockLimit = 32 << 20

    /// - Throws: ``DeployFailure``.
    func program() async throws -> (Descriptor, names: Set<String>) {
        try await failing {
            let names = try await git.names(in: folder, at: commit)
            let files = ProgramFiles(
                packageJSON: try await git.file(path("package.json"), at: commit),
                procfile: try await git.file(path("Procfile"), at: commit), names: names)
            return (try Descriptor(files), names)
        }
    }

    /// - Parameters:
    ///   - old: a commit that was deployed; where it is not there any more, it has.
    ///   - patterns: none means any change, and so does the same commit again.
    func hasChanged(since old: String, in patterns: [PathGlob]) async throws -> Bool {
        guard !patterns.isEmpty, let old = ObjectID(old), old != commit else { return true }
        return try await failing { try await git.differs(from: old, to: commit, in: patterns) }
    }

    /// - Returns: the file's name in the artifacts folder.
    /// - Throws: ``DeployFailure``.
    func archive(slug: Slug) async throws -> String {
        let file = "\(slug)-\(commit).tar"
        try await failing {
            try FileManager.default.createDirectory(
                atPath: state.artifacts, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            // The name says the content: what is there is right.
            if !FileManager.default.fileExists(atPath: "\(state.artifacts)/\(file)") {
                _ = try await git.export(commit, to: "\(state.artifacts)/\(file)")
            }
        }
        return file
    }

    /// - Throws: ``DeployFailure``.
    func lockFile(_ name: String) async throws -> [UInt8] {
        try await failing { try await git.file(path(name), at: commit, limit: Self.lockLimit) ?? [] }
    }

    private func path(_ name: String) -> String { folder.isEmpty ? name : "\(folder)/\(name)" }

    private func failing<Result>(_ work: () async throws -> Result) async throws -> Result {
        do {
            return try await work()
        } catch let problems as DescriptorProblems {
            throw DeployFailure(
                code: problems.first.code.rawValue, message: problems.first.description,
                details: problems.others.map { "also wrong: \($0)" })
        } catch let error as GitError {
            throw DeployFailure(code: error.code.rawValue, message: error.description)
        }
    }
}
