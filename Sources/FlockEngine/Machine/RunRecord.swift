/// What an agent writes down about a task before it does anything for it, so that a later agent knows what there
/// may be to find, to tell and to remove.
struct RunRecord: Codable, Sendable, Hashable {
    enum Step: Codable, Sendable, Hashable {
        /// Being launched, or running.
        case launched
        /// Asked to end.
        case killed(grace: Duration)
        /// Nothing of it is left but its sandbox. The status has not been acknowledged.
        case ended(TaskStatus)
    }

    var launch: TaskLaunch
    /// Of the machine when the task was launched: pids mean nothing after the next start.
    var bootID: String
    private(set) var step = Step.launched

    init(launch: TaskLaunch, bootID: String) {
        self.launch = launch
        self.bootID = bootID
    }

    var taskID: String { launch.taskID }

    /// A task that has ended cannot be asked to.
    mutating func kill(grace: Duration) {
        if status == nil { step = .killed(grace: grace) }
    }

    /// The first ending counts.
    mutating func end(_ status: TaskStatus) {
        if self.status == nil { step = .ended(status) }
    }

    var status: TaskStatus? {
        if case .ended(let status) = step { return status }
        return nil
    }

    var grace: Duration? {
        if case .killed(let grace) = step { return grace }
        return nil
    }
}
