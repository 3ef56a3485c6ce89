/// What HAProxy says of one app at one look, over all nodes and all backends of the app.
struct AppSample: Sendable, Hashable {
    /// Requests in flight, queued ones included. Of a node that does not answer, as many as when it last did.
    var inFlight = 0
    /// Requests since the last look.
    var arrivals = 0
    /// Seconds of work that came with them, as far as HAProxy's mean of the last 1024 requests tells: until the answers
    /// begin.
    var work = 0.0
    /// Seconds since the newest use, where a node knows.
    var sinceLast: Double?
    /// Whether ``sinceLast`` is what every node's stick table says: exact, over reloads too, and without the requests
    /// that do not count as use. `nil` is then more than a table remembers.
    var isCounted = false
    /// Whether every node answered and knows the app: without, nothing may be taken away.
    var isComplete = true
    /// No node answered: the sample says nothing.
    var isSilent = false
}
