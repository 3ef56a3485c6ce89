/// Tasks that are being put to sleep: nothing new is sent to them until the lease ends by itself, by word, or with
/// the task. New tasks of the same app are not concerned.
struct DrainLeases: Sendable, Hashable {
    struct Lease: Sendable, Hashable {
        var tasks: Set<String>
        var until: ContinuousClock.Instant
    }

    private(set) var leases: [String: Lease] = [:]

    mutating func drain(_ appID: String, tasks: Set<String>, until: ContinuousClock.Instant) {
        leases[appID] = Lease(tasks: tasks, until: until)
    }

    /// - Returns: whether there was one.
    mutating func release(_ appID: String) -> Bool { leases.removeValue(forKey: appID) != nil }

    mutating func expire(at now: ContinuousClock.Instant) {
        leases = leases.filter { $0.value.until > now }
    }

    func contains(_ taskID: String, of appID: String) -> Bool { leases[appID]?.tasks.contains(taskID) == true }
}
