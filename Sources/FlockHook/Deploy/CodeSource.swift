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
                guard let tip = try await git.tip(of: branch) else { throw Self.gone(branch) }
                return (git, tip)
            case .remote(let url):
                let remote = try repository.access.remote(at: url)
                do throws(GitError) {
                    let fetched = try await GitRepository.fetch(
                        .branch(branch), from: remote, into: store(of: repository.address))
                    return (fetched.repository, fetched.commit)
                } catch {
                    // A server that hides a repository says something else.
                    throw error.code == .notFound ? Self.gone(branch) : error as any Error
                }
            }
        } catch let error as GitError {
            throw DeployFailure(code: error.code.rawValue, message: error.description)
        }
    }

    /// The commits at the ends of the branches, by the branches' short names, without fetching anything.
    /// - Throws: ``DeployFailure``.
    func tips(of repository: KnownRepository) async throws -> [String: String] {
        do {
            let branches =
                switch repository.source {
                case .local(let path): try await GitRepository(bareAt: path).branches()
                case .remote(let url): try await repository.access.remote(at: url).references()
                }
            return Dictionary(
                branches.map { (String($0.name.dropFirst("refs/heads/".count)), $0.target.description) },
                uniquingKeysWith: { first, _ in first })
        } catch let error as GitError {
            throw DeployFailure(code: error.code.rawValue, message: error.description)
        }
    }

    /// Where its fetched commits are: one for all programs of a repository, which mostly have the same files.
    func store(of address: RepositoryAddress) -> String {
        let name = WebhookSignature.sign(Array(address.text.utf8), secret: Array("folder".utf8)).dropFirst(7).prefix(16)
        return "\(state.hook)/repositories/\(name).git"
    }

    private static func gone(_ branch: String) -> DeployFailure {
        DeployFailure(code: "branch_gone", message: "branch \(branch) is not there any more")
    }
}
