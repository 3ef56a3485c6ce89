/// What a client may say about an app. A key left `nil` is not sent, so the same type creates an app and
/// changes one key of it.
///
/// Source: Marathon's `types/app.raml`, versions 0.8 to 1.10. What Flock sends keeps to the forms that all of them
/// accept.
public struct AppDefinition: Codable, Sendable, Hashable {
    /// Absolute path such as `/shop-1.0.0`.
    public var id: String?
    /// Run by `/bin/sh -c`.
    public var cmd: String?
    public var args: [String]?
    /// Shares of a core.
    public var executor: String?
    public var cpus: Double?
    /// MiB.
    public var mem: Double?
    /// MiB.
    public var disk: Double?
    public var gpus: Double?
    public var instances: Int?
    public var env: [String: String]?
    public var labels: [String: String]?
    /// Service ports, one entry a port; 0 asks for any free one. Marathon answers ``portDefinitions`` from 1.5 on.
    public var ports: [Int]?
    /// As ``ports``, with names; both may be sent when their numbers are the same.
    public var portDefinitions: [PortDefinition]?
    public var requirePorts: Bool?
    /// Fetched into the sandbox before the start; archives are unpacked. Marathon answers ``fetch`` from 1.5 on.
    public var uris: [String]?
    /// As ``uris``, with what is done to each.
    public var fetch: [Fetch]?
    public var networks: [Network]?
    public var container: Container?
    /// `[field, operator, value]`, the value only where the operator takes one.
    public var constraints: [[String]]?
    public var acceptedResourceRoles: [String]?
    public var user: String?
    public var healthChecks: [HealthCheck]?
    /// At most one.
    public var readinessChecks: [ReadinessCheck]?
    public var upgradeStrategy: UpgradeStrategy?
    /// `YOUNGEST_FIRST` or `OLDEST_FIRST`.
    public var killSelection: String?
    public var unreachableStrategy: UnreachableStrategy?
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
