internal import Foundation

/// Runs `body`, which is cancelled at the deadline.
///
/// - Throws: what `body` throws; `timedOut` after the deadline, `cancelled` when the task was cancelled.
func within<Value: Sendable>(
    _ deadline: Duration, _ operation: String, _ body: @escaping @Sendable () async throws(GitError) -> Value
) async throws(GitError) -> Value {
    let result = await withTaskGroup(of: Result<Value, GitError>?.self) { group in
        group.addTask {
            do throws(GitError) {
                return .success(try await body())
            } catch {
                return .failure(error)
            }
        }
        group.addTask {
            guard (try? await Task.sleep(for: deadline)) != nil else { return nil }
            return .failure(GitError(.timedOut, operation: operation, message: "not done after \(deadline)"))
        }
        defer { group.cancelAll() }
        while let result = await group.next() {
            if let result { return result }
        }
        return .failure(GitError(.cancelled, operation: operation, message: "the task was cancelled"))
    }
    do {
        return try result.get()
    } catch {
        guard Task.isCancelled else { throw error }
        throw GitError(.cancelled, operation: operation, message: "the task was cancelled")
    }
}

/// Runs what blocks on a thread of its own. When the task is cancelled the caller does not wait for it.
func onOwnThread<Value: Sendable>(
    _ operation: String, _ body: @escaping @Sendable () throws(GitError) -> Value
) async throws(GitError) -> Value {
    let (stream, continuation) = AsyncStream.makeStream(of: Result<Value, GitError>.self)
    Thread.detachNewThread {
        do throws(GitError) {
            continuation.yield(.success(try body()))
        } catch {
            continuation.yield(.failure(error))
        }
        continuation.finish()
    }
    for await result in stream { return try result.get() }
    throw GitError(.cancelled, operation: operation, message: "the task was cancelled")
}
