import Logging
import Marathon

/// Asks Marathon until it answers: a push is not lost because the engine restarts, or another node of a cluster leads.
struct Persistence: Sendable {
    let logger: Logger

    private static let patience = Duration.seconds(60)

    /// - Parameter end: when it is given up.
    func callAsFunction<Result: Sendable>(
        until end: ContinuousClock.Instant? = nil, _ request: () async throws -> Result
    ) async throws -> Result {
        var hasComplained = false
        let deadline = ContinuousClock.now + Self.patience
        while true {
            do {
                return try await request()
            } catch let error as MarathonError where error.isOutage {
                // One that answers with nothing but errors may mean what was asked.
                let now = ContinuousClock.now
                guard error.code == .unreachable || now < deadline else { throw error }
                if let end, now >= end { throw error }
                if !hasComplained { logger.warning("Marathon does not answer, trying again: \(error)") }
                hasComplained = true
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }
}
