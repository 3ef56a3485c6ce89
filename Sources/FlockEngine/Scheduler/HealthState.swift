import Foundation
import Marathon

/// What the checks of one kind have said about one task.
struct HealthState: Codable, Sendable, Hashable {
    enum Verdict: Sendable, Hashable { case unchanged, becameAlive, becameDead, kill }

    /// `nil` until a check succeeds or counts as failed.
    var alive: Bool?
    var consecutiveFailures = 0
    var firstSuccess: Date?
    var lastSuccess: Date?
    var lastFailure: Date?
    var lastFailureCause: String?

    /// - Parameters:
    ///   - failure: why the check failed; `nil` when it succeeded.
    ///   - age: since the task was started.
    mutating func record(failure: String?, check: HealthCheck, age: Duration, at date: Date) -> Verdict {
        guard let failure else {
            let was = alive
            alive = true
            consecutiveFailures = 0
            if firstSuccess == nil { firstSuccess = date }
            lastSuccess = date
            return was == true ? .unchanged : .becameAlive
        }
        // An app that is still starting is not ill.
        if firstSuccess == nil && age < .seconds(check.gracePeriodSeconds) { return .unchanged }
        // Marathon decides on the count before this failure.
        let kills = check.maxConsecutiveFailures > 0 && consecutiveFailures >= check.maxConsecutiveFailures
        let was = alive
        alive = false
        consecutiveFailures += 1
        lastFailure = date
        lastFailureCause = failure
        if kills { return .kill }
        return was == false ? .unchanged : .becameDead
    }
}
