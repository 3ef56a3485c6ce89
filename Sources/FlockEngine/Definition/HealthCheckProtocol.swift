/// What a health check speaks. Source: Marathon's AppHealthCheckProtocol.
enum HealthCheckProtocol: String, CaseIterable, Sendable {
    case http = "HTTP"
    case https = "HTTPS"
    case tcp = "TCP"
    case command = "COMMAND"
    case mesosTCP = "MESOS_TCP"
    case mesosHTTP = "MESOS_HTTP"
    case mesosHTTPS = "MESOS_HTTPS"

    var hasPath: Bool {
        switch self {
        case .http, .https, .mesosHTTP, .mesosHTTPS: true
        case .tcp, .command, .mesosTCP: false
        }
    }

    /// Whether the agent asks instead of the scheduler.
    var isMesos: Bool {
        switch self {
        case .command, .mesosTCP, .mesosHTTP, .mesosHTTPS: true
        case .http, .https, .tcp: false
        }
    }
}
