import Marathon

/// What runs tasks for the scheduler: this machine now, a cluster later. It is told what to launch and kill, and
/// reports what happens; it decides nothing.
protocol Agent: Sendable {
    /// What happened to tasks, in the order it happened to each.
    var reports: AsyncStream<AgentReport> { get }
    func launch(_ task: TaskRecord, _ definition: AppDefinition) async
    /// Asks the task to end, and ends it after the grace period.
    func kill(_ taskID: String, grace: Duration) async
    /// The end of the task is stored; nothing has to be known of it any longer.
    func forget(_ taskID: String) async
    /// After a start: takes over the tasks that still run and reports the end of those that do not.
    func reconcile(_ tasks: [TaskRecord]) async
}

enum AgentReport: Sendable {
    case started(taskID: String, pid: Int32)
    case ended(taskID: String, Scheduler.Ending)
}
