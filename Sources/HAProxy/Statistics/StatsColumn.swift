/// The columns of HAProxy's statistics that are read, by their names there.
enum StatsColumn: String, CaseIterable {
    case proxy = "pxname"
    case server = "svname"
    case currentQueue = "qcur"
    case currentSessions = "scur"
    case totalSessions = "stot"
    case deniedRequests = "dreq"
    case status = "status"
    case activeServers = "act"
    case backupServers = "bck"
    case type = "type"
    case rate = "rate"
    case lastSession = "lastsess"
    case responseTime = "rtime"
    case usedConnections = "used_conn_cur"
    case idleConnections = "idle_conn_cur"

    /// Versions before 2.2 have no counters of connections.
    var isOptional: Bool { self == .usedConnections || self == .idleConnections }

    var index: Int {
        switch self {
        case .proxy: 0
        case .server: 1
        case .currentQueue: 2
        case .currentSessions: 3
        case .totalSessions: 4
        case .deniedRequests: 5
        case .status: 6
        case .activeServers: 7
        case .backupServers: 8
        case .type: 9
        case .rate: 10
        case .lastSession: 11
        case .responseTime: 12
        case .usedConnections: 13
        case .idleConnections: 14
        }
    }
}
