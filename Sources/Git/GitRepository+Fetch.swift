internal import Foundation

extension GitRepository {
    /// Fetches one branch into the bare repository at `path`, created if it is not there, and moves the branch of the
    /// same name to what was fetched, even when it is no descendant of what was there.
    ///
    /// Only https is spoken. A redirect to another host is refused, and no configuration of the host is honoured. The
    /// whole history of the branch is fetched: libgit2 1.5 knows no shallow fetch.
    ///
    /// libgit2 1.5 has no time-outs, so the fetch has a thread of its own. At the deadline, or when the task is
    /// cancelled, the caller gets its error; but while the server says nothing the thread stays blocked, until the
    /// connection ends. It then stops without moving the branch.
    ///
    /// - Parameters:
    ///   - branch: the short name, such as `main`.
    ///   - deadline: from now.
    ///   - byteLimit: bytes of pack data from the server.
    ///   - allowInsecure: whether http is allowed, too.
    /// - Returns: the commit at the end of the branch.
    /// - Throws: `unsafeURL`, `invalidName`, `notFound` if the server has no such branch, `timedOut`, `cancelled`,
    ///   `tooLarge`, `authentication`, `certificate`, `fetchFailed`.
    public static func fetch(
        url: String, branch: String, into path: String, deadline: Duration, byteLimit: Int, allowInsecure: Bool = false
    ) async throws(GitError) -> ObjectID {
        let outcome = FetchOutcome(byteLimit: byteLimit)
        let fetch = try Fetch(
            url: RemoteURL(url, allowInsecure: allowInsecure), branch: BranchName(branch), path: path, outcome: outcome)
        let timer = Task {
            guard (try? await Task.sleep(for: deadline)) != nil else { return }
            outcome.settle(
                .failure(
                    GitError(
                        .timedOut, operation: "fetch \(branch) from \(fetch.url.display)",
                        message: "not done after \(deadline)")))
        }
        defer { timer.cancel() }
        let result = await withTaskCancellationHandler {
            await outcome.value {
                Thread.detachNewThread { outcome.settle(fetch.run()) }
            }
        } onCancel: {
            outcome.settle(
                .failure(GitError(.cancelled, operation: "fetch \(branch)", message: "the task was cancelled")))
        }
        return try result.get()
    }
}
