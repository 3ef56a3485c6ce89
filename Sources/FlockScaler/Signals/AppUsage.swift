/// What flock-haproxy says of an app's use on one node: without the requests that do not count.
struct AppUsage: Decodable, Sendable, Hashable {
    var app: String
    /// Requests in this moment.
    var inFlight: Int
    var idleMilliseconds: Int

    /// Seconds since somebody used it.
    var idle: Double { inFlight > 0 ? 0 : Double(idleMilliseconds) / 1000 }
}
