/// The answer to every change: what to look for in `/v2/deployments`.
public struct DeploymentReference: Codable, Sendable, Hashable {
    public var id: String

    public init(id: String) {
        self.id = id
    }
}

/// The answer to `PUT` and `DELETE`.
public struct DeploymentResult: Codable, Sendable, Hashable {
    public var version: String
    public var deploymentId: String

    public init(version: String, deploymentId: String) {
        self.version = version
        self.deploymentId = deploymentId
    }
}

/// A change that Marathon is carrying out.
public struct Deployment: Codable, Sendable, Hashable {
    public struct Action: Codable, Sendable, Hashable {
        public var action: String
        public var app: String
        /// Only of the current step.
        public var readinessCheckResults: [ReadinessCheckResult]?

        public init(action: String, app: String) {
            self.action = action
            self.app = app
        }

        enum CodingKeys: String, CodingKey { case action, app, type, readinessCheckResults }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            // Old versions named the key "type".
            action =
                try container.decodeIfPresent(String.self, forKey: .action)
                ?? container.decodeIfPresent(String.self, forKey: .type) ?? ""
            app = try container.decodeIfPresent(String.self, forKey: .app) ?? ""
            readinessCheckResults = try container.decodeIfPresent(
                [ReadinessCheckResult].self, forKey: .readinessCheckResults)
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(action, forKey: .action)
            try container.encode(app, forKey: .app)
            try container.encodeIfPresent(readinessCheckResults, forKey: .readinessCheckResults)
        }
    }

    public struct Step: Codable, Sendable, Hashable {
        public var actions: [Action]

        public init(actions: [Action]) {
            self.actions = actions
        }

        enum CodingKeys: String, CodingKey { case actions }

        public init(from decoder: any Decoder) throws {
            // Before 1.0 a step was the bare list.
            if let container = try? decoder.container(keyedBy: CodingKeys.self) {
                actions = try container.decode([Action].self, forKey: .actions)
            } else {
                actions = try [Action](from: decoder)
            }
        }
    }

    public var id: String
    public var version: String
    public var affectedApps: [String]
    /// Empty where there are no pods.
    public var affectedPods: [String]?
    public var steps: [Step]
    public var currentActions: [Action]
    public var currentStep: Int
    public var totalSteps: Int

    public init(id: String, version: String, affectedApps: [String], steps: [Step], currentStep: Int) {
        self.id = id
        self.version = version
        self.affectedApps = affectedApps
        affectedPods = []
        self.steps = steps
        self.currentStep = currentStep
        currentActions = currentStep >= 1 && currentStep <= steps.count ? steps[currentStep - 1].actions : []
        totalSteps = steps.count
    }
}
