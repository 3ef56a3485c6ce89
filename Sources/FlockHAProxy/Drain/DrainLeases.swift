import FlockCore

/// Tasks that are about to be ended: nothing new is sent to them until the lease ends by itself, by word, or with
/// the task. Others of the same app, and new ones, are not concerned.
struct DrainLeases: Sendable, Hashable {
    struct Drain: Sendable, Hashable {
        var lease: Lease
        var tasks: Set<String>
    }

    private(set) var drains: [String: Drain] = [:]

    /// - Returns: whether the lease was taken; not while it is another's.
    mutating func drain(_ appID: String, tasks: Set<String>, _ lease: Lease, at now: ContinuousClock.Instant) -> Bool {
        guard lease.mayReplace(drains[appID]?.lease, at: now) else { return false }
        drains[appID] = Drain(lease: lease, tasks: tasks)
        return true
    }

    /// - Returns: whether the lease was still the holder's.
    mutating func renew(_ appID: String, _ lease: Lease, at now: ContinuousClock.Instant) -> Bool {
        guard isDrained(appID, by: lease.holder, at: now) else { return false }
        drains[appID]?.lease = lease
        return true
    }

    func isDrained(_ appID: String, by holder: Lease.Holder, at now: ContinuousClock.Instant) -> Bool {
        drains[appID].map { $0.lease.holder == holder && $0.lease.holds(at: now) } ?? false
    }

    /// Ends the holder's lease, and nobody else's.
    /// - Returns: whether there was one.
    mutating func release(_ appID: String, by holder: Lease.Holder) -> Bool {
        guard drains[appID]?.lease.holder == holder else { return false }
        drains[appID] = nil
        return true
    }

    mutating func expire(at now: ContinuousClock.Instant) {
        drains = drains.filter { $0.value.lease.holds(at: now) }
    }

    func contains(_ taskID: String, of appID: String) -> Bool { drains[appID]?.tasks.contains(taskID) == true }
}
