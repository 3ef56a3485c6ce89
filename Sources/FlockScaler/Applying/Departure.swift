import Marathon

/// Which of an app's tasks go when there are to be fewer.
struct Departure: Sendable, Hashable {
    /// Ids; the first is missed least.
    let order: [String]

    /// Those that serve nobody first, then those with the least under way, then as the app's `killSelection` says. Those
    /// whose requests did not end the last time come last, so that another one is tried.
    /// - Parameters:
    ///   - sessions: what is under way to each.
    ///   - lingering: ids of those whose requests did not end.
    init(_ tasks: [AppTask], sessions: [String: Int], lingering: Set<String>, killSelection: String?) {
        let isOldestFirst = killSelection == "OLDEST_FIRST"
        // One that is ending already is not counted among the instances.
        order = tasks.filter { $0.state != "TASK_KILLING" }.sorted { one, other in
            if lingering.contains(one.id) != lingering.contains(other.id) { return lingering.contains(other.id) }
            let (serves, otherServes) = (
                one.isRunning && one.isAlive != false, other.isRunning && other.isAlive != false
            )
            if serves != otherServes { return otherServes }
            let (count, otherCount) = (sessions[one.id] ?? 0, sessions[other.id] ?? 0)
            if count != otherCount { return count < otherCount }
            let (age, otherAge) = (one.stagedAt ?? one.startedAt ?? "", other.stagedAt ?? other.startedAt ?? "")
            if age != otherAge { return isOldestFirst ? age < otherAge : age > otherAge }
            return one.id < other.id
        }.map(\.id)
    }
}
