public import FlockCore
import Foundation
import Git

/// Fetches the end of a branch as a deploy would, and deploys nothing: to find out whether a token, a key or a URL is
/// right.
public struct FetchTrial: Codable, Sendable {
    public var commit: String
    /// Of the fetch, or of opening a repository of this machine.
    public var milliseconds: Double
    public var archive: Archive?

    public struct Archive: Codable, Sendable {
        public var files: Int
        public var bytes: Int
        public var milliseconds: Double
    }

    /// Why it did not work; the description has the code and the next thing to do.
    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    /// - Parameters:
    ///   - address: of a repository in the settings, or the path of one on this machine; with `#` and a program's path
    ///     for that program.
    ///   - archive: where the code is written as a tar archive; `nil` for nowhere.
    /// - Throws: ``Failure``.
    public static func run(
        _ address: String, branch: String, archive: String?, settings: LiveSettings, state: StateFolder
    ) async throws -> FetchTrial {
        guard let repository = RepositoryDirectory(settings: settings, state: state).find(address) else {
            throw Failure(description: "\(address) is not in hook.repositories of the settings")
        }
        do {
            let clock = ContinuousClock()
            let start = clock.now
            let (git, commit) = try await CodeSource(state: state).tip(of: branch, in: repository)
            let fetched = clock.now
            var trial = FetchTrial(commit: commit.description, milliseconds: (fetched - start) / .milliseconds(1))
            if let archive {
                let summary = try await git.export(commit, to: archive)
                trial.archive = Archive(
                    files: summary.files, bytes: summary.bytes, milliseconds: (clock.now - fetched) / .milliseconds(1))
            }
            return trial
        } catch let failure as DeployFailure {
            throw Failure(description: "\(failure.message) [\(failure.code)]")
        } catch let error as GitError {
            throw Failure(description: error.description)
        }
    }
}
