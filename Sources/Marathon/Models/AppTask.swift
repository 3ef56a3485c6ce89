/// One running copy of an app.
public struct AppTask: Codable, Sendable, Hashable {
    public var id: String
    public var appId: String
    public var host: String
    /// Host ports, in the order of the app's ports.
    public var ports: [Int]
    /// Absent before Marathon 1.1.
    public var state: String?
    public var stagedAt: String?
    public var startedAt: String?
    /// The app's version that this task runs.
    public var version: String?
    public var slaveId: String?
    /// Only in `/v2/tasks`.
    public var servicePorts: [Int]?
    public var ipAddresses: [Address]?
    public var healthCheckResults: [HealthCheckResult]?

    public struct Address: Codable, Sendable, Hashable {
        public var ipAddress: String
        public var `protocol`: String

        public init(ipAddress: String, protocol: String) {
            self.ipAddress = ipAddress
            self.protocol = `protocol`
        }
    }

    public init(id: String, appId: String, host: String, ports: [Int]) {
        self.id = id
        self.appId = appId
        self.host = host
        self.ports = ports
    }

    enum CodingKeys: String, CodingKey {
        case id, appId, host, ports, state, stagedAt, startedAt, version, slaveId, servicePorts
        case ipAddresses, healthCheckResults
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        appId = try container.decode(String.self, forKey: .appId)
        host = try container.decodeIfPresent(String.self, forKey: .host) ?? ""
        ports = try container.decodeIfPresent([Int].self, forKey: .ports) ?? []
        state = try container.decodeIfPresent(String.self, forKey: .state)
        stagedAt = try container.decodeIfPresent(String.self, forKey: .stagedAt)
        startedAt = try container.decodeIfPresent(String.self, forKey: .startedAt)
        version = try container.decodeIfPresent(String.self, forKey: .version)
        slaveId = try container.decodeIfPresent(String.self, forKey: .slaveId)
        servicePorts = try container.decodeIfPresent([Int].self, forKey: .servicePorts)
        // Containers that have none yet answer null or leave out the address.
        ipAddresses = try? container.decodeIfPresent([Address].self, forKey: .ipAddresses)
        healthCheckResults = try container.decodeIfPresent([HealthCheckResult].self, forKey: .healthCheckResults)
    }

    /// Whether the process runs; an older Marathon says so only by a start time.
    public var isRunning: Bool { state.map { $0 == "TASK_RUNNING" } ?? (startedAt != nil) }

    /// Whether every health check that has spoken calls it alive; `nil` while none has.
    public var isAlive: Bool? {
        guard let results = healthCheckResults, !results.isEmpty else { return nil }
        return results.allSatisfy(\.alive)
    }
}

public struct HealthCheckResult: Codable, Sendable, Hashable {
    public var alive: Bool
    public var consecutiveFailures: Int?
    public var firstSuccess: String?
    public var lastSuccess: String?
    public var lastFailure: String?
    public var lastFailureCause: String?
    /// `instanceId` from Marathon 1.4 on; `taskId` before.
    public var instanceId: String?

    public init(alive: Bool) {
        self.alive = alive
    }
}
