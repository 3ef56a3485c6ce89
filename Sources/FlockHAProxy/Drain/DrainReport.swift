/// How far an app's draining is.
struct DrainReport: Encodable, Sendable, Hashable {
    var app: String
    /// Requests and connections that its tasks still carry, in old HAProxy workers too.
    var sessions: Int
    /// Those of each task that has a server.
    var tasks: [String: Int]
    /// Whether the lease of the one who asks holds; without any, the app serves as usual.
    var isDraining: Bool
}
