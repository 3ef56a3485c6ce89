import Foundation
import Marathon

/// A task as the engine keeps it, from the decision to launch it until it is gone.
struct TaskRecord: Codable, Sendable, Hashable {
    enum State: String, Codable, Sendable {
        /// Its files are being fetched; there is no process yet.
        case staging = "TASK_STAGING"
        case running = "TASK_RUNNING"
        case killing = "TASK_KILLING"
    }

    var id: String
    var appID: String
    /// The app's version when the task was launched.
    var version: String
    var configVersion: String
    var host: String
    var ports: [Int]
    var state = State.staging
    var stagedAt: Date
    var startedAt: Date?
    /// Leader of the task's process group.
    var pid: Int32?
    /// One for each health check of the app.
    var health: [HealthState]

    /// Whether it may take a healthy instance's place.
    var isReady: Bool { state == .running && health.allSatisfy { $0.alive == true } }
}
