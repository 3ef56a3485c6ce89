import Marathon

/// What to launch and kill to bring an app's tasks nearer to what is wanted. Called after every change, so each
/// answer only has to be a step in the right direction. Source: Marathon's TaskReplaceActor and ScaleActor.
struct Rollout: Sendable, Hashable {
    enum Mode: Sendable {
        /// The number is kept; tasks of older configurations may stay.
        case keep
        /// Tasks of older configurations are replaced.
        case replace
    }

    var launch = 0
    var kill: [String] = []
    /// As many ready tasks as wanted, and no other that should not be there.
    var isDone = false

    init(app: AppRecord, tasks: [TaskRecord], mode: Mode) {
        let wanted = app.instances
        let present = tasks.filter { $0.state != .killing }
        let isNew: (TaskRecord) -> Bool = { mode == .keep || $0.configVersion == app.configVersion }
        let new = present.filter(isNew)
        let old = present.filter { !isNew($0) }

        if new.count > wanted {
            // Those that serve last, older configurations before this one, then the youngest or the oldest.
            let oldestFirst = app.definition.killSelection == "OLDEST_FIRST"
            let order = new.sorted { one, other in
                if one.isReady != other.isReady { return !one.isReady }
                let (isCurrent, otherIsCurrent) = (
                    one.configVersion == app.configVersion, other.configVersion == app.configVersion
                )
                if isCurrent != otherIsCurrent { return !isCurrent }
                return oldestFirst
                    ? (one.stagedAt, one.id) < (other.stagedAt, other.id)
                    : (other.stagedAt, other.id) < (one.stagedAt, one.id)
            }
            kill = order.prefix(new.count - wanted).map(\.id)
        }
        if old.isEmpty {
            launch = max(0, wanted - new.count)
            // Not even one that is about to end may run beside another.
            if app.definition.isSingleInstance { launch = min(launch, max(0, wanted - tasks.count)) }
        } else {
            let least = Int((Double(wanted) * app.strategy.minimumHealthCapacity).rounded(.up))
            var most = Int((Double(wanted) * (1 + app.strategy.maximumOverCapacity)).rounded(.down))
            // Nothing could ever be replaced.
            if most == least { most += 1 }
            launch = max(0, min(wanted - new.count, most - tasks.count))
            let ready = new.count(where: \.isReady) + old.count(where: \.isReady)
            let coming = old.filter { $0.state != .running }
            let running = old.filter { $0.state == .running }.sorted { one, other in
                one.isReady != other.isReady ? !one.isReady : one.stagedAt < other.stagedAt
            }
            // One for each new one that serves. Those whose check fails may serve all the same.
            let replaced = running.count - (wanted - new.count(where: \.isReady))
            kill += coming.map(\.id) + running.prefix(max(0, ready - least, replaced)).map(\.id)
        }
        isDone = new.count == wanted && new.allSatisfy(\.isReady) && old.isEmpty && present.count == tasks.count
    }
}
