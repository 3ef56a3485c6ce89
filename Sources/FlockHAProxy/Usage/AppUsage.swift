import HAProxy

/// How an app is used, as HAProxy's stick table says: requests that do not count are not in it, and it outlives reloads.
struct AppUsage: Encodable, Sendable, Hashable {
    /// How long HAProxy remembers an app that nobody uses.
    static let memory = Duration.seconds(1800)

    var app: String
    /// Since HAProxy remembers.
    var requests: Int
    /// In this moment.
    var inFlight: Int
    /// Since the last request came, or ended.
    var idleMilliseconds: Int

    /// - Parameter rows: of one app, each of another worker: the present one has been handed what the others counted.
    init(_ rows: [StickTableEntry]) {
        app = rows.first?.key ?? ""
        requests = rows.compactMap { $0.values["http_req_cnt"] }.max() ?? 0
        inFlight = rows.reduce(0) { $0 + ($1.values["conn_cur"] ?? 0) }
        let expiry = rows.map(\.expiry).max() ?? .zero
        idleMilliseconds = max(0, Int((Self.memory - expiry) / .milliseconds(1)))
    }
}
