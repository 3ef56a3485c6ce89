import Logging
import Marathon

/// Asks Marathon until it answers: a push is not lost because the engine restarts, or another node of a cluster leads.
struct Persistence: Sendable {
    let logger: Logger

    private static let patience = Duration.seconds(60)

    func callAsFunction<Result: Sendable>(_ request: () async throws -> Result) async throws -> Result {
        var hasComplained = false
        let deadline = ContinuousClock.now + Self.patience
        while true {
            do {
                return try await request()
            } catch let error as MarathonError where error.isOutage {
                // One that answers with nothing but errors may mean what was asked.
                guard error.code == .unreachable || ContinuousClock.now < deadline else { throw error }
                if !hasComplained { logger.warning("Marathon does not answer, trying again: \(error)") }
                hasComplained = true
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }
}
