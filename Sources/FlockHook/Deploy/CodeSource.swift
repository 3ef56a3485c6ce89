import FlockCore
import Git

/// Where a repository's code is found on this machine, fetched first where it is elsewhere.
struct CodeSource: Sendable {
    let state: StateFolder

    /// - Returns: the repository, and the commit at the end of the branch.
    /// - Throws: ``DeployFailure``.
    func tip(of branch: String, in repository: KnownRepository) async throws -> (GitRepository, ObjectID) {
        do {
            switch repository.source {
            case .local(let path):
                let git = try GitRepository(bareAt: path)
                guard let tip = try await git.tip(of: branch) else {
                    throw DeployFailure(code: "branch_gone", message: "branch \(branch) is not there any more")
                }
                return (git, tip)
            case .https(let url):
                let name = WebhookSignature.sign(Array(url.utf8), secret: Array("folder".utf8)).dropFirst(7).prefix(16)
                let folder = "\(state.hook)/repositories/\(name).git"
                let fetched = try await GitRepository.fetch(
                    .branch(branch), from: Remote(RemoteURL(url)), into: folder)
                return (fetched.repository, fetched.commit)
            }
        } catch let error as GitError {
            throw DeployFailure(code: error.code.rawValue, message: error.description)
        }
    }
}
