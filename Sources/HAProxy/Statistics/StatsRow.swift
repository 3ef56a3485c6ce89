/// One row of HAProxy's statistics (Management Guide, 9.1). All counters are of one process since its last reload.
public struct StatsRow: Hashable, Sendable {
    /// What the row counts for, from the column `type`.
    public enum Kind: Int, CaseIterable, Hashable, Sendable {
        case frontend = 0
        case backend = 1
        case server = 2
        case listener = 3
    }

    /// `pxname`: the frontend or backend.
    public var proxy: String
    /// `svname`: the server, or `FRONTEND` or `BACKEND`.
    public var server: String
    public var kind: Kind
    /// `scur`: sessions now.
    public var currentSessions: Int
    /// `qcur`: requests that wait for a server.
    public var currentQueue: Int
    /// `stot`: sessions so far, counted when they start.
    public var totalSessions: Int
    /// `dreq`: those of them that an `http-request deny` refused.
    public var deniedRequests: Int
    /// `rate`: sessions in the last second.
    public var rate: Int
    /// `lastsess`: time since the last session was given to a server, in whole seconds; nil if there was none.
    /// It grows while a long request runs, so idle also needs `currentSessions` and `currentQueue` of 0.
    public var lastSession: Duration?
    /// `rtime`: how long servers took to begin their answers, averaged over the last 1024 requests. It doesn't decay.
    /// `ttime` is no measure of work: on a kept connection it counts the pause before the request too.
    public var responseTime: Duration
    /// `status`: `OPEN`, `UP`, `DOWN`, `MAINT`, `DRAIN`, `no check`, `UP 1/3`…
    public var status: String
    /// `used_conn_cur`: connections to servers in use; nil where the row or the version has none.
    public var usedConnections: Int?
    /// `idle_conn_cur`: connections to servers kept for reuse, not safe to share; nil where there is none.
    public var idleConnections: Int?
    /// `act`: servers that are up, or 1 in the row of such a server.
    public var activeServers: Int
    /// `bck`: backup servers that are up, or 1 in the row of such a server.
    public var backupServers: Int

    public init(
        proxy: String, server: String, kind: Kind, currentSessions: Int = 0, currentQueue: Int = 0,
        totalSessions: Int = 0, deniedRequests: Int = 0, rate: Int = 0, lastSession: Duration? = nil,
        responseTime: Duration = .zero, status: String = "", usedConnections: Int? = nil, idleConnections: Int? = nil,
        activeServers: Int = 0,
        backupServers: Int = 0
    ) {
        self.proxy = proxy
        self.server = server
        self.kind = kind
        self.currentSessions = currentSessions
        self.currentQueue = currentQueue
        self.totalSessions = totalSessions
        self.deniedRequests = deniedRequests
        self.rate = rate
        self.lastSession = lastSession
        self.responseTime = responseTime
        self.status = status
        self.usedConnections = usedConnections
        self.idleConnections = idleConnections
        self.activeServers = activeServers
        self.backupServers = backupServers
    }
}
