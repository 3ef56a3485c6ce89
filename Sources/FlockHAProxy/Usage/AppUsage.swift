import HAProxy

/// How an app is used, as HAProxy's stick table says: requests that do not count are not in it, and it outlives reloads.
struct AppUsage: Encodable, Sendable, Hashable {
    /// How long HAProxy remembers an app that nobody uses.
    static let memory = Duration.seconds(1800)

    var app: String
    /// Since HAProxy remembers.
    var requests: Int
    /// In this moment, as far as the present worker has them.
    var inFlight: Int
    /// Since the last request came, or ended.
    var idleMilliseconds: Int

    init(_ entry: StickTableEntry) {
        app = entry.key
        requests = entry.values["http_req_cnt"] ?? 0
        inFlight = entry.values["conn_cur"] ?? 0
        idleMilliseconds = max(0, Int((Self.memory - entry.expiry) / .milliseconds(1)))
    }
}
