/// What happened to a task. Source: Mesos' `TaskStatus`.
struct TaskStatus: Codable, Sendable, Hashable {
    enum State: String, Codable, Sendable {
        case starting = "TASK_STARTING"
        case running = "TASK_RUNNING"
        /// Ended by itself, with status 0.
        case finished = "TASK_FINISHED"
        /// Ended by itself, with another status or by a signal, or could not be started.
        case failed = "TASK_FAILED"
        /// Ended because it was asked to.
        case killed = "TASK_KILLED"
        /// Gone, and nothing says how.
        case lost = "TASK_LOST"

        /// Whether it is the last one of its task.
        var isTerminal: Bool {
            switch self {
            case .starting, .running: false
            case .finished, .failed, .killed, .lost: true
            }
        }
    }

    enum Reason: String, Codable, Sendable {
        /// Somebody else listens on a port that it was given: not the app's fault.
        case portTaken = "REASON_INVALID_OFFERS"
        /// Its files could not be fetched.
        case fetch = "REASON_CONTAINER_LAUNCH_FAILED"
        case memoryLimit = "REASON_CONTAINER_LIMITATION_MEMORY"
        case command = "REASON_COMMAND_EXECUTOR_FAILED"
        case reconciliation = "REASON_RECONCILIATION"
    }

    var taskID: String
    var agentID: String
    var state: State
    /// For people: what happened, with status or signal.
    var message = ""
    var reason: Reason?
}
