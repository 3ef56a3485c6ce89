import Marathon

/// A task to be started, with what the scheduler has taken for it from an offer.
struct TaskLaunch: Codable, Sendable, Hashable {
    var taskID: String
    var appID: String
    /// The app's version, as the task's environment tells it.
    var version: String
    var definition: AppDefinition
    var host: String
    /// In the order of the definition's ports.
    var ports: [Int]
    var resources: Resources
}
