/// What an agent has left for tasks. Source: Mesos' `Offer`.
struct Offer: Sendable, Hashable {
    var id: String
    var agentID: String
    /// What the agent's tasks are reached at.
    var host: String
    /// What constraints may ask for, beside `hostname`.
    var attributes: [String: String] = [:]
    var resources: Resources
    /// Tasks that were taken off it already: others were launched since it was made.
    var tasks: Set<String> = []
}
