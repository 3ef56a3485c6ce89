/// Asked after the start until it answers once; a deployment waits for it.
public struct ReadinessCheck: Codable, Sendable, Hashable {
    public var name: String
    /// `HTTP` or `HTTPS`.
    public var `protocol`: String
    public var path: String
    /// Names one of the app's ports.
    public var portName: String
    public var intervalSeconds: Double
    public var timeoutSeconds: Double
    /// Answers that mean ready.
    public var httpStatusCodesForReady: [Int]
    /// Whether the last answer is shown with the deployment.
    public var preserveLastResponse: Bool

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decodeIfPresent(String.self, forKey: .name) ?? "readinessCheck"
        self.protocol = try container.decodeIfPresent(String.self, forKey: .protocol) ?? "HTTP"
        path = try container.decodeIfPresent(String.self, forKey: .path) ?? "/"
        portName = try container.decodeIfPresent(String.self, forKey: .portName) ?? "http-api"
        intervalSeconds = try container.decodeIfPresent(Double.self, forKey: .intervalSeconds) ?? 30
        timeoutSeconds = try container.decodeIfPresent(Double.self, forKey: .timeoutSeconds) ?? 10
        httpStatusCodesForReady = try container.decodeIfPresent([Int].self, forKey: .httpStatusCodesForReady) ?? [200]
        preserveLastResponse = try container.decodeIfPresent(Bool.self, forKey: .preserveLastResponse) ?? false
    }
}

/// What a task said to its readiness check so far.
public struct ReadinessCheckResult: Codable, Sendable, Hashable {
    public var name: String
    public var taskId: String
    public var ready: Bool

    public init(name: String, taskId: String, ready: Bool) {
        self.name = name
        self.taskId = taskId
        self.ready = ready
    }
}
