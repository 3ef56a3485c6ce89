/// What a client may say about an app. A key left `nil` is not sent, so the same type creates an app and
/// changes one key of it.
///
/// Source: Marathon's `types/app.raml`. Only the forms that every Marathon from 0.8 to 1.10 accepts are here.
public struct AppDefinition: Codable, Sendable, Hashable {
    /// Absolute path such as `/shop-1.0.0`.
    public var id: String?
    /// Run by `/bin/sh -c`.
    public var cmd: String?
    public var args: [String]?
    /// Shares of a core.
    public var cpus: Double?
    /// MiB.
    public var mem: Double?
    /// MiB.
    public var disk: Double?
    public var instances: Int?
    public var env: [String: String]?
    public var labels: [String: String]?
    /// One entry a port; 0 asks for any free one.
    public var ports: [Int]?
    public var requirePorts: Bool?
    /// Fetched into the sandbox before the start; archives are unpacked.
    public var uris: [String]?
    public var user: String?
    public var healthChecks: [HealthCheck]?
    public var upgradeStrategy: UpgradeStrategy?
    public var backoffSeconds: Double?
    public var backoffFactor: Double?
    public var maxLaunchDelaySeconds: Double?
    /// Seconds between SIGTERM and SIGKILL.
    public var taskKillGracePeriodSeconds: Double?
    public var dependencies: [String]?

    public init(id: String? = nil) {
        self.id = id
    }
}

/// How Marathon finds out whether a task can serve.
public struct HealthCheck: Codable, Sendable, Hashable {
    public var `protocol`: String
    /// For HTTP; 200 to 399 is healthy.
    public var path: String?
    public var portIndex: Int?
    public var gracePeriodSeconds: Double
    public var intervalSeconds: Double
    public var timeoutSeconds: Double
    /// A task is killed after this many failures and one more; 0 never kills.
    public var maxConsecutiveFailures: Int

    /// All four numbers have to be given: their defaults changed between versions of Marathon.
    public init(
        protocol: String, path: String?, portIndex: Int = 0, gracePeriodSeconds: Double, intervalSeconds: Double,
        timeoutSeconds: Double, maxConsecutiveFailures: Int
    ) {
        self.protocol = `protocol`
        self.path = path
        self.portIndex = portIndex
        self.gracePeriodSeconds = gracePeriodSeconds
        self.intervalSeconds = intervalSeconds
        self.timeoutSeconds = timeoutSeconds
        self.maxConsecutiveFailures = maxConsecutiveFailures
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.protocol = try container.decodeIfPresent(String.self, forKey: .protocol) ?? "HTTP"
        path = try container.decodeIfPresent(String.self, forKey: .path)
        portIndex = try container.decodeIfPresent(Int.self, forKey: .portIndex)
        gracePeriodSeconds = try container.decodeIfPresent(Double.self, forKey: .gracePeriodSeconds) ?? 300
        intervalSeconds = try container.decodeIfPresent(Double.self, forKey: .intervalSeconds) ?? 60
        timeoutSeconds = try container.decodeIfPresent(Double.self, forKey: .timeoutSeconds) ?? 20
        maxConsecutiveFailures = try container.decodeIfPresent(Int.self, forKey: .maxConsecutiveFailures) ?? 3
    }
}

/// How many instances stay and how many may come on top while a new version replaces the old.
public struct UpgradeStrategy: Codable, Sendable, Hashable {
    /// 0 to 1, of the wanted instances.
    public var minimumHealthCapacity: Double
    /// 0 to 1, of the wanted instances.
    public var maximumOverCapacity: Double

    /// Both keys are mandatory from Marathon 1.5 on.
    public init(minimumHealthCapacity: Double = 1, maximumOverCapacity: Double = 1) {
        self.minimumHealthCapacity = minimumHealthCapacity
        self.maximumOverCapacity = maximumOverCapacity
    }
}
