import Marathon

/// A change that is under way and holds the lock on its app.
struct DeploymentRecord: Codable, Sendable, Hashable {
    var id: String
    var version: String
    var appID: String
    /// In order; the last one is what takes time.
    var actions: [String]

    var deployment: Deployment {
        let steps = actions.map { Deployment.Step(actions: [.init(action: $0, app: appID)]) }
        return Deployment(id: id, version: version, affectedApps: [appID], steps: steps, currentStep: steps.count)
    }
}
