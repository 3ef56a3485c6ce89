import HAProxy

/// What HAProxy's statistics say about one app at one moment, over all nodes.
struct AppSample: Sendable, Hashable {
    /// Requests in flight, queued ones included.
    var sessions = 0
    /// Requests since the last look.
    var arrivals = 0
    /// Since the newest request, where a node knows.
    var sinceLast: Duration?
    /// Whether ``sinceLast`` is what every node's stick table says: exact, over reloads too, and without the requests
    /// that do not count as use. `nil` is then more than a table remembers.
    var isCounted = false
    /// Whether every node answered and knows the app: without, nothing may be taken away.
    var isComplete = true
}

/// Turns the rows of each node into samples. Counters go back to zero when HAProxy reloads; then the whole value
/// came since.
struct SampleReader: Sendable {
    /// Requests counted so far, by node and backend.
    private var totals: [String: [String: Int]] = [:]

    /// - Parameters:
    ///   - nodes: BACKEND rows by node; `nil` for one that did not answer.
    ///   - usage: of each node, what its flock-haproxy says; `nil` when one does not answer.
    ///   - backends: HAProxy's name of each app.
    mutating func read(
        _ nodes: [String: [StatsRow]?], usage: [[AppUsage]]? = nil, backends: [String: String]
    ) -> [String: AppSample] {
        var samples = backends.mapValues { _ in AppSample() }
        for (node, rows) in nodes {
            guard let rows else {
                for app in samples.keys { samples[app]?.isComplete = false }
                continue
            }
            let byName = Dictionary(rows.map { ($0.proxy, $0) }) { first, _ in first }
            let before = totals[node]
            for (app, backend) in backends {
                guard let row = byName[backend] else {
                    samples[app]?.isComplete = false
                    continue
                }
                samples[app]?.sessions += row.currentSessions
                // What a node counted before we first looked says nothing about now.
                let last = before.map { $0[backend] ?? 0 } ?? row.totalSessions
                samples[app]?.arrivals += row.totalSessions >= last ? row.totalSessions - last : row.totalSessions
                if let since = row.lastSession {
                    let nearest = samples[app]?.sinceLast ?? since
                    samples[app]?.sinceLast = min(since, nearest)
                }
            }
            totals[node] = byName.mapValues(\.totalSessions)
        }
        if let usage {
            let idle = Dictionary(usage.joined().map { ($0.app, $0.idle) }, uniquingKeysWith: min)
            for app in samples.keys {
                samples[app]?.isCounted = true
                samples[app]?.sinceLast = idle[app]
            }
        }
        return samples
    }
}
