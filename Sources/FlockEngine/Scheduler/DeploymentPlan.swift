import Marathon

/// The steps from what the apps are to what they shall be. Source: Marathon's DeploymentPlan.
struct DeploymentPlan: Sendable, Hashable {
    struct Change: Sendable, Hashable {
        /// `nil`: it is new.
        var old: AppDefinition?
        /// `nil`: it goes.
        var new: AppDefinition?
        /// Its tasks are replaced though nothing differs.
        var isRestart = false

        /// Whether only the number of instances differs.
        var isScale: Bool {
            guard let old, var same = new else { return false }
            same.instances = old.instances
            return same == old && !isRestart
        }

        var isNothing: Bool { old == new && !isRestart }
    }

    /// Those that stop, those that start, then layer by layer what others depend on first.
    var steps: [[DeploymentRecord.Action]]

    /// As Marathon tells them.
    var answer: [Deployment.Step] {
        steps.map(Deployment.Step.init)
    }

    /// - Parameter layers: the apps, those first that others depend on.
    init(_ changes: [String: Change], layers: ([String]) -> [[String]]) {
        var stops: [DeploymentRecord.Action] = []
        var starts: [DeploymentRecord.Action] = []
        var others: [String: DeploymentRecord.Action] = [:]
        for (id, change) in changes.sorted(by: { $0.key < $1.key }) where !change.isNothing {
            guard let new = change.new else {
                stops.append(.init(kind: .stop, app: id))
                continue
            }
            if change.old == nil { starts.append(.init(kind: .start, app: id)) }
            // Nothing has to be replaced where nothing shall run.
            let scales = change.old == nil || change.isScale || new.instances == 0
            others[id] = .init(kind: scales ? .scale : .restart, app: id)
        }
        let scaled = layers(others.keys.sorted()).map { $0.compactMap { others[$0] } }
        steps = ([stops, starts] + scaled).filter { !$0.isEmpty }
    }
}
