import HAProxy

/// Turns the rows of each node into samples. Counters go back to zero when HAProxy reloads; then the whole value came
/// since.
struct SampleReader: Sendable {
    fileprivate struct Backend: Sendable {
        var total: Int
        var inFlight: Int
        /// The look at which it was last there.
        var look: Int
    }

    private struct Node: Sendable {
        /// What it said last.
        var backends: [String: Backend] = [:]
        /// How often it was asked and answered.
        var look = 0
        /// How often it has not answered since.
        var missed = 0
    }

    private var known: [String: Node] = [:]
    /// The requests to each app that a node's stick table knew of last.
    private var carried: [String: [String: Int]] = [:]

    /// - Parameters:
    ///   - nodes: BACKEND rows by node; `nil` for one that did not answer.
    ///   - usage: by flock-haproxy, what its node's stick table says; `nil` for one that did not answer.
    ///   - apps: the app of each of HAProxy's backends.
    mutating func read(
        _ nodes: [String: [StatsRow]?], usage: [String: [AppUsage]?] = [:], apps: [String: String]
    ) -> [String: AppSample] {
        let isSilent = nodes.values.allSatisfy { $0 == nil }
        var samples = Dictionary(apps.values.map { ($0, AppSample(isSilent: isSilent)) }) { first, _ in first }
        known = known.filter { nodes.keys.contains($0.key) }
        for (node, rows) in nodes {
            if let rows {
                read(rows, of: node, apps, into: &samples)
            } else {
                replay(node, apps, into: &samples)
                // Where none answers, nobody decides: what came meanwhile is of the whole time.
                if !isSilent { known[node]?.missed += 1 }
            }
        }
        // Fewer tables than nodes: what is used through the others is in none of them.
        add(usage, areAll: usage.count >= nodes.count && !usage.values.contains { $0 == nil }, to: &samples)
        return samples
    }

    private mutating func read(
        _ rows: [StatsRow], of name: String, _ apps: [String: String], into samples: inout [String: AppSample]
    ) {
        // Taken out, since what is known of ten thousand backends is not to be copied.
        var node = known.removeValue(forKey: name) ?? Node()
        // Those of the looks it missed did not all come just now.
        let looks = 1 + node.missed
        (node.look, node.missed) = (node.look + 1, 0)
        var found = 0
        for row in rows {
            // What a node counted before we first looked says nothing about now.
            let unknown = node.look == 1 ? row.admitted : 0
            let new = node.backends[row.proxy, default: Backend(total: unknown, inFlight: 0, look: 0)]
                .take(row, at: node.look)
            guard let app = apps[row.proxy] else { continue }
            found += 1
            samples[app]?.add(row, arrivals: (new + looks - 1) / looks)
        }
        // Of sleeping apps too, so that what was counted before is nothing new when they wake; not of those that are gone.
        if node.backends.count > 2 * rows.count { node.backends = node.backends.filter { $0.value.look == node.look } }
        if found < apps.count {
            for (backend, app) in apps where node.backends[backend]?.look != node.look {
                samples[app]?.isComplete = false
            }
        }
        known[name] = node
    }

    /// It carries what it carried, for all that is known.
    private func replay(_ node: String, _ apps: [String: String], into samples: inout [String: AppSample]) {
        for (backend, app) in apps {
            samples[app]?.isComplete = false
            samples[app]?.inFlight += known[node]?.backends[backend]?.inFlight ?? 0
        }
    }

    /// The tables also know what old workers of HAProxy still carry, which its statistics do not.
    private mutating func add(
        _ usage: [String: [AppUsage]?], areAll: Bool, to samples: inout [String: AppSample]
    ) {
        carried = carried.filter { usage.keys.contains($0.key) }
        var idle: [String: Double] = [:]
        for case (let node, let uses?) in usage {
            var inFlight: [String: Int] = [:]
            for use in uses {
                idle[use.app] = min(use.idle, idle[use.app] ?? use.idle)
                if use.inFlight > 0 { inFlight[use.app, default: 0] += use.inFlight }
            }
            carried[node] = inFlight
        }
        let inFlight = carried.values.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
        for (app, sample) in samples {
            var counted = sample
            counted.inFlight = max(sample.inFlight, inFlight[app] ?? 0)
            if areAll { (counted.isCounted, counted.sinceLast) = (true, idle[app]) }
            samples[app] = counted
        }
    }
}

extension StatsRow {
    /// Requests so far but for those that the app's own guards refused: they are no work to it.
    fileprivate var admitted: Int { max(totalSessions - deniedRequests, 0) }
}

extension SampleReader.Backend {
    /// - Returns: how many requests came since the last look.
    fileprivate mutating func take(_ row: StatsRow, at look: Int) -> Int {
        let new = row.admitted >= total ? row.admitted - total : row.admitted
        self = Self(total: row.admitted, inFlight: row.currentSessions, look: look)
        return new
    }
}

extension AppSample {
    fileprivate mutating func add(_ row: StatsRow, arrivals new: Int) {
        inFlight += row.currentSessions
        arrivals += new
        work += Double(new) * (row.responseTime / .seconds(1))
        if let since = row.lastSession.map({ $0 / .seconds(1) }) { sinceLast = min(since, sinceLast ?? since) }
    }
}
