/// What Marathon's `/v2/info` tells, with the values that are true here.
struct EngineInfo: Encodable, Sendable {
    var name = "marathon"
    /// The version of Marathon whose API this is.
    var version = "1.8.222"
    var buildref = "flock-engine"
    var elected = true
    var leader: String
    var frameworkId = "flock"
    var marathonConfig: MarathonConfig
    var zookeeperConfig = ZooKeeperConfig()
    var httpConfig: HTTPConfig

    init(listen: String) {
        leader = listen
        let parts = listen.split(separator: ":")
        marathonConfig = MarathonConfig(hostname: parts.dropLast().joined(separator: ":"))
        httpConfig = HTTPConfig(httpPort: parts.last.flatMap { Int($0) } ?? 0)
    }

    enum CodingKeys: String, CodingKey {
        case name, version, buildref, elected, leader, frameworkId
        case marathonConfig = "marathon_config"
        case zookeeperConfig = "zookeeper_config"
        case httpConfig = "http_config"
    }

    struct MarathonConfig: Encodable, Sendable {
        var hostname: String
        var master = "flock"
        var checkpoint = true
        var ha = false
        var localPortMin = 10_000
        var localPortMax = 20_000
        var maxInstancesPerOffer = 5
        var reconciliationInitialDelay = 0
        var reconciliationInterval = 0
        var taskLaunchTimeout = 0

        enum CodingKeys: String, CodingKey {
            case hostname, master, checkpoint, ha
            case localPortMin = "local_port_min"
            case localPortMax = "local_port_max"
            case maxInstancesPerOffer = "max_instances_per_offer"
            case reconciliationInitialDelay = "reconciliation_initial_delay"
            case reconciliationInterval = "reconciliation_interval"
            case taskLaunchTimeout = "task_launch_timeout"
        }
    }

    struct ZooKeeperConfig: Encodable, Sendable {
        var zk = ""
        var zkTimeout = 0
        var zkSessionTimeout = 0
        var zkMaxVersions = EngineStore.keptVersions

        enum CodingKeys: String, CodingKey {
            case zk
            case zkTimeout = "zk_timeout"
            case zkSessionTimeout = "zk_session_timeout"
            case zkMaxVersions = "zk_max_versions"
        }
    }

    struct HTTPConfig: Encodable, Sendable {
        var httpPort: Int
        var httpsPort = 0

        enum CodingKeys: String, CodingKey {
            case httpPort = "http_port"
            case httpsPort = "https_port"
        }
    }
}
