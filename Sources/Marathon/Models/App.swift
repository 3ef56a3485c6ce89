/// An app as Marathon answers it: its definition and how it is doing.
public struct App: Codable, Sendable, Hashable {
    public var definition: AppDefinition
    /// When this configuration was made, ISO 8601 with milliseconds.
    public var version: String
    /// Marathon 0.11 and later.
    public var versionInfo: VersionInfo?
    public var tasksStaged: Int
    public var tasksRunning: Int
    public var tasksHealthy: Int
    public var tasksUnhealthy: Int
    /// Deployments that hold a lock on this app.
    public var deployments: [DeploymentReference]
    /// Only where the request embedded it.
    public var tasks: [AppTask]?
    /// Only where the request embedded it.
    public var lastTaskFailure: TaskFailure?
    /// Only where the request embedded it.
    public var readinessCheckResults: [ReadinessCheckResult]?
    /// Only where the request embedded it.
    public var taskStats: TaskStats?

    public var id: String { definition.id ?? "/" }
    public var instances: Int { definition.instances ?? 1 }
    public var labels: [String: String] { definition.labels ?? [:] }

    public init(definition: AppDefinition, version: String) {
        self.definition = definition
        self.version = version
        tasksStaged = 0
        tasksRunning = 0
        tasksHealthy = 0
        tasksUnhealthy = 0
        deployments = []
    }

    enum CodingKeys: String, CodingKey {
        case version, tasksStaged, tasksRunning, tasksHealthy, tasksUnhealthy, deployments, tasks, lastTaskFailure
        case versionInfo, readinessCheckResults, taskStats
    }

    public init(from decoder: any Decoder) throws {
        definition = try AppDefinition(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        version = try container.decodeIfPresent(String.self, forKey: .version) ?? ""
        tasksStaged = try container.decodeIfPresent(Int.self, forKey: .tasksStaged) ?? 0
        tasksRunning = try container.decodeIfPresent(Int.self, forKey: .tasksRunning) ?? 0
        tasksHealthy = try container.decodeIfPresent(Int.self, forKey: .tasksHealthy) ?? 0
        tasksUnhealthy = try container.decodeIfPresent(Int.self, forKey: .tasksUnhealthy) ?? 0
        deployments = try container.decodeIfPresent([DeploymentReference].self, forKey: .deployments) ?? []
        versionInfo = try container.decodeIfPresent(VersionInfo.self, forKey: .versionInfo)
        readinessCheckResults = try container.decodeIfPresent(
            [ReadinessCheckResult].self, forKey: .readinessCheckResults)
        taskStats = try container.decodeIfPresent(TaskStats.self, forKey: .taskStats)
        tasks = try container.decodeIfPresent([AppTask].self, forKey: .tasks)
        lastTaskFailure = try container.decodeIfPresent(TaskFailure.self, forKey: .lastTaskFailure)
    }

    public func encode(to encoder: any Encoder) throws {
        try definition.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(version, forKey: .version)
        try container.encode(tasksStaged, forKey: .tasksStaged)
        try container.encode(tasksRunning, forKey: .tasksRunning)
        try container.encode(tasksHealthy, forKey: .tasksHealthy)
        try container.encode(tasksUnhealthy, forKey: .tasksUnhealthy)
        try container.encode(deployments, forKey: .deployments)
        try container.encodeIfPresent(versionInfo, forKey: .versionInfo)
        try container.encodeIfPresent(readinessCheckResults, forKey: .readinessCheckResults)
        try container.encodeIfPresent(taskStats, forKey: .taskStats)
        try container.encodeIfPresent(tasks, forKey: .tasks)
        try container.encodeIfPresent(lastTaskFailure, forKey: .lastTaskFailure)
    }
}

/// When an app was changed last, as versions.
public struct VersionInfo: Codable, Sendable, Hashable {
    public var lastScalingAt: String
    public var lastConfigChangeAt: String

    public init(lastScalingAt: String, lastConfigChangeAt: String) {
        self.lastScalingAt = lastScalingAt
        self.lastConfigChangeAt = lastConfigChangeAt
    }
}

/// Why the newest task that ended badly did so.
public struct TaskFailure: Codable, Sendable, Hashable {
    public var appId: String
    public var taskId: String
    public var state: String
    public var message: String
    public var host: String
    public var timestamp: String
    /// The app's version the task belonged to.
    public var version: String

    /// Whether the machine is at fault, not the app: a task that was lost says nothing about it.
    public var isLoss: Bool { state == "TASK_LOST" }

    public init(
        appId: String, taskId: String, state: String, message: String, host: String, timestamp: String, version: String
    ) {
        self.appId = appId
        self.taskId = taskId
        self.state = state
        self.message = message
        self.host = host
        self.timestamp = timestamp
        self.version = version
    }
}

extension App {
    /// A former version: the bare definition.
    public struct Former: Encodable, Sendable {
        var definition: AppDefinition
        var version: String

        public init(definition: AppDefinition, version: String) {
            self.definition = definition
            self.version = version
        }

        public func encode(to encoder: any Encoder) throws {
            try definition.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(version, forKey: .version)
        }
    }
}

extension App {
    /// What ``MarathonClient/appStates()`` reads of an app.
    struct State: Decodable {
        var app: App

        private enum Key: String, CodingKey { case id, instances, labels, version, versionInfo, tasks, deployments }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            var definition = AppDefinition(id: try container.decodeIfPresent(String.self, forKey: .id))
            definition.instances = try container.decodeIfPresent(Int.self, forKey: .instances)
            definition.labels = try container.decodeIfPresent([String: String].self, forKey: .labels)
            app = App(
                definition: definition, version: try container.decodeIfPresent(String.self, forKey: .version) ?? "")
            app.versionInfo = try container.decodeIfPresent(VersionInfo.self, forKey: .versionInfo)
            app.tasks = try container.decodeIfPresent([AppTask].self, forKey: .tasks)
            app.deployments =
                try container.decodeIfPresent([DeploymentReference].self, forKey: .deployments) ?? []
        }
    }
}
