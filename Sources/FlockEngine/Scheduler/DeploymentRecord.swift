import Marathon

/// A change that is under way and holds the lock on its apps.
struct DeploymentRecord: Codable, Sendable, Hashable {
    struct Action: Codable, Sendable, Hashable {
        enum Kind: String, Codable, Sendable {
            case stop = "StopApplication"
            case start = "StartApplication"
            case scale = "ScaleApplication"
            case restart = "RestartApplication"
        }

        var kind: Kind
        var app: String
    }

    var id: String
    var version: String
    /// The root group's before it.
    var originalVersion: String?
    /// Worked through one after the other; the actions of one step at once.
    var steps: [[Action]]
    /// Counted from 0.
    var current = 0
    /// What the affected apps and groups were before; one that is missing here did not exist.
    var originalApps: [AppRecord] = []
    var originalGroups: [GroupRecord] = []
    /// Groups that are affected.
    var groups: Set<String> = []

    /// As Marathon tells it, with steps counted from 1.
    var deployment: Deployment {
        Deployment(
            id: id, version: version, affectedApps: apps.sorted(),
            steps: steps.map(Deployment.Step.init),
            currentStep: min(current + 1, steps.count))
    }

    var apps: Set<String> { Set(steps.joined().map(\.app)) }

    /// The last step that has to do with the app.
    func step(of app: String) -> (index: Int, kind: Action.Kind)? {
        for (index, step) in steps.enumerated().reversed() {
            if let action = step.last(where: { $0.app == app }) { return (index, action.kind) }
        }
        return nil
    }
}

extension Deployment.Step {
    init(_ actions: [DeploymentRecord.Action]) {
        self.init(actions: actions.map { .init(action: $0.kind.rawValue, app: $0.app) })
    }
}
