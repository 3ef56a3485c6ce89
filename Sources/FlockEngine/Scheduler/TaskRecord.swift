import Foundation
import Marathon

/// A task as the engine keeps it, from the decision to launch it until it is gone. It carries what it was launched
/// with, so that a newer configuration of its app does not change how it is checked or ended.
struct TaskRecord: Codable, Sendable, Hashable {
    enum State: String, Codable, Sendable {
        /// Its files are being fetched; there is no process yet.
        case staging = "TASK_STAGING"
        case starting = "TASK_STARTING"
        case running = "TASK_RUNNING"
        case killing = "TASK_KILLING"
    }

    var id: String
    var appID: String
    /// The app's version when the task was launched.
    var version: String
    var configVersion: String
    var agentID: String
    var host: String
    var ports: [Int]
    var resources = Resources()
    var state = State.staging
    var stagedAt: Date
    var startedAt: Date?
    var checks: [HealthCheck] = []
    /// One for each health check.
    var health: [HealthState] = []
    var readiness: ReadinessCheck?
    /// Host port that ``readiness`` is asked at.
    var readinessPort: Int?
    var hasPassedReadiness = false
    /// Between SIGTERM and SIGKILL.
    var killGraceSeconds: Double = 3

    /// Whether it may take a healthy instance's place.
    var isReady: Bool {
        state == .running && health.allSatisfy { $0.alive == true } && (readiness == nil || hasPassedReadiness)
    }

    /// The task's id without the number of its incarnation.
    var instanceID: String {
        id.replacingOccurrences(of: "._app.1", with: "").replacingOccurrences(of: "instance-", with: "marathon-")
    }
}
