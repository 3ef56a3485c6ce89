import Marathon

/// What to launch and kill to bring an app's tasks nearer to what is wanted. Called after every change, so each
/// answer only has to be a step in the right direction. Source: Marathon's TaskReplaceActor and ScaleActor.
struct Rollout: Sendable, Hashable {
    var launch = 0
    var kill: [String] = []
    /// As many ready tasks of this configuration as wanted, and no other.
    var isDone = false

    init(app: AppRecord, tasks: [TaskRecord]) {
        let wanted = app.instances
        let present = tasks.filter { $0.state != .killing }
        let new = present.filter { $0.configVersion == app.configVersion }
        let old = present.filter { $0.configVersion != app.configVersion }

        if new.count > wanted {
            // Youngest first, those that serve last.
            let order = new.sorted { ($0.isReady ? 1 : 0, $1.stagedAt) < ($1.isReady ? 1 : 0, $0.stagedAt) }
            kill = order.prefix(new.count - wanted).map(\.id)
        }
        if old.isEmpty {
            launch = max(0, wanted - new.count)
        } else {
            let least = Int((Double(wanted) * app.strategy.minimumHealthCapacity).rounded(.up))
            var most = Int((Double(wanted) * (1 + app.strategy.maximumOverCapacity)).rounded(.down))
            // Nothing could ever be replaced.
            if most == least { most += 1 }
            launch = max(0, min(wanted - new.count, most - tasks.count))
            let ready = new.count(where: \.isReady) + old.count(where: \.isReady)
            let spare = max(0, ready - least)
            let unready = old.filter { !$0.isReady }
            kill +=
                unready.map(\.id) + old.filter(\.isReady).sorted { $0.stagedAt < $1.stagedAt }.prefix(spare).map(\.id)
        }
        isDone = new.count == wanted && new.allSatisfy(\.isReady) && old.isEmpty && present.count == tasks.count
    }
}
