/// How Marathon finds out whether a task can serve.
public struct HealthCheck: Codable, Sendable, Hashable {
    public var `protocol`: String
    /// For HTTP; 200 to 399 is healthy.
    public var path: String?
    /// Which of the task's ports; `nil` where ``port`` or ``command`` says it.
    public var portIndex: Int?
    /// A port number instead of an index.
    public var port: Int?
    /// For COMMAND: healthy when it ends with status 0.
    public var command: Command?
    public var gracePeriodSeconds: Double
    public var intervalSeconds: Double
    public var timeoutSeconds: Double
    /// A task is killed after this many failures and one more; 0 never kills.
    public var maxConsecutiveFailures: Int
    /// Before the first check; for the `MESOS_` protocols only.
    public var delaySeconds: Double?
    /// Whether an answer of 100 to 199 changes nothing.
    public var ignoreHttp1xx: Bool?

    public struct Command: Codable, Sendable, Hashable {
        /// Run by `/bin/sh -c`.
        public var value: String

        public init(value: String) {
            self.value = value
        }
    }

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
        port = try container.decodeIfPresent(Int.self, forKey: .port)
        command = try container.decodeIfPresent(Command.self, forKey: .command)
        delaySeconds = try container.decodeIfPresent(Double.self, forKey: .delaySeconds)
        ignoreHttp1xx = try container.decodeIfPresent(Bool.self, forKey: .ignoreHttp1xx)
        gracePeriodSeconds = try container.decodeIfPresent(Double.self, forKey: .gracePeriodSeconds) ?? 300
        intervalSeconds = try container.decodeIfPresent(Double.self, forKey: .intervalSeconds) ?? 60
        timeoutSeconds = try container.decodeIfPresent(Double.self, forKey: .timeoutSeconds) ?? 20
        maxConsecutiveFailures = try container.decodeIfPresent(Int.self, forKey: .maxConsecutiveFailures) ?? 3
    }
}
