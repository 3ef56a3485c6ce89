import Logging
import Marathon

/// Asks Marathon until it answers: a push is not lost because the engine restarts.
struct Persistence: Sendable {
    let logger: Logger

    func callAsFunction<Result: Sendable>(_ request: () async throws -> Result) async throws -> Result {
        var hasComplained = false
        while true {
            do {
                return try await request()
            } catch let error as MarathonError where error.code == .unreachable {
                if !hasComplained { logger.warning("Marathon does not answer, trying again: \(error)") }
                hasComplained = true
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }
}
