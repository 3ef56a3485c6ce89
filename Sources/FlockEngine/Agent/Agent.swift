/// What runs tasks for the scheduler: this machine now, a cluster later. It offers what it has, is told what to
/// launch and kill, and tells what happens; it decides nothing, and knows neither apps' instances nor deployments.
/// Source: Mesos' scheduler API, whose calls and events have these names.
protocol Agent: Sendable {
    /// Offers and statuses, those of one task in their order.
    var updates: AsyncStream<AgentUpdate> { get }

    /// Starts the tasks on what was offered; what they leave is offered anew. A task that does not fit any longer
    /// ends as ``TaskStatus/State/lost``.
    func accept(_ offerID: String, launching tasks: [TaskLaunch]) async

    /// Asks the task to end, and ends it after the grace period. An unknown task ends as
    /// ``TaskStatus/State/lost``.
    func kill(_ taskID: String, grace: Duration) async

    /// The task's last status is stored; the agent may forget the task. Until then it tells it again when asked.
    func acknowledge(_ taskID: String) async

    /// Runs a command in the sandbox of a running task, as the task's user and under its limits.
    /// - Returns: why it failed; `nil` when it ended with status 0 in time.
    func check(_ taskID: String, _ command: String, timeout: Duration) async -> String?

    /// Tells the present status of each of these tasks, which a scheduler that was away believes to run. Tasks that
    /// the agent runs and that are not among them are killed: nobody wants them any longer.
    func reconcile(_ taskIDs: [String]) async
}

enum AgentUpdate: Sendable {
    /// Replaces what the agent offered before.
    case offer(Offer)
    /// What was offered is no longer to be had.
    case rescind(agentID: String)
    case status(TaskStatus)
}
