import FlockCore
import Foundation
import Git

/// What a commit says about its program, and its code as a file that a task can fetch.
struct Packing: Sendable {
    let state: StateFolder
    let git: GitRepository
    let commit: ObjectID

    /// - Throws: ``DeployFailure``.
    func descriptor() async throws -> Descriptor {
        do {
            return try Descriptor(ProgramFiles(packageJSON: try await git.file("package.json", at: commit)))
        } catch let problems as DescriptorProblems {
            throw DeployFailure(
                code: problems.first.code.rawValue, message: problems.first.description,
                details: problems.others.map { "also wrong: \($0)" })
        } catch let error as GitError {
            throw DeployFailure(code: error.code.rawValue, message: error.description)
        }
    }

    /// - Returns: the file's name in the artifacts folder.
    /// - Throws: ``DeployFailure``.
    func archive(slug: Slug) async throws -> String {
        let file = "\(slug)-\(commit).tar"
        do {
            try FileManager.default.createDirectory(
                atPath: state.artifacts, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            // The name says the content: what is there is right.
            if !FileManager.default.fileExists(atPath: "\(state.artifacts)/\(file)") {
                _ = try await git.export(commit, to: "\(state.artifacts)/\(file)")
            }
        } catch let error as GitError {
            throw DeployFailure(code: error.code.rawValue, message: error.description)
        }
        return file
    }
}
