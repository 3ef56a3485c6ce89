/// How many requests are at each task of one app, and whether a task takes another: no more at once than its
/// concurrency, so that those which waited for a fresh task do not all fall upon it in the same moment.
///
/// What lasts long says nothing about how busy a task is, and must not hold up those behind: a request counts until it
/// has ended, but no longer than ``answered`` after the head of its response (a download, server-sent events), not at
/// all once it is a tunnel (a websocket), and no longer than ``unanswered`` in any case (a long poll).
struct Pace: Sendable {
    static let answered = Duration.seconds(1)
    static let unanswered = Duration.seconds(10)

    /// One request at a task.
    struct Passage: Sendable, Hashable {
        var number: Int
        var endpoint: Endpoint
    }

    private struct Load {
        /// All that have not ended.
        var open = 0
        /// Those that count, and until when.
        var counted: [Int: ContinuousClock.Instant] = [:]
    }

    private var loads: [Endpoint: Load] = [:]
    private var number = 0

    /// Requests that have not ended, at any task.
    var open: Int { loads.values.reduce(0) { $0 + $1.open } }

    /// Of each task that has any.
    var openByTask: [String: Int] { loads.reduce(into: [:]) { $0[$1.key.taskID, default: 0] += $1.value.open } }

    /// Takes a place at the task with the fewest requests among those that take one more.
    mutating func take(
        _ endpoints: [Endpoint], concurrency: Int, at now: ContinuousClock.Instant
    ) -> Passage? {
        var best: (endpoint: Endpoint, open: Int)?
        for endpoint in endpoints {
            if let load = loads[endpoint], load.counted.count >= concurrency {
                loads[endpoint]?.counted = load.counted.filter { $0.value > now }
            }
            let load = loads[endpoint] ?? Load()
            if load.counted.count < concurrency, load.open < best?.open ?? .max { best = (endpoint, load.open) }
        }
        guard let endpoint = best?.endpoint else { return nil }
        number += 1
        loads[endpoint, default: Load()].open += 1
        loads[endpoint]?.counted[number] = now + Self.unanswered
        return Passage(number: number, endpoint: endpoint)
    }

    mutating func answered(_ passage: Passage, at now: ContinuousClock.Instant) {
        guard let until = loads[passage.endpoint]?.counted[passage.number] else { return }
        loads[passage.endpoint]?.counted[passage.number] = min(until, now + Self.answered)
    }

    mutating func tunnelled(_ passage: Passage) {
        loads[passage.endpoint]?.counted[passage.number] = nil
    }

    mutating func ended(_ passage: Passage) {
        guard var load = loads.removeValue(forKey: passage.endpoint) else { return }
        load.open -= 1
        load.counted[passage.number] = nil
        if load.open > 0 { loads[passage.endpoint] = load }
    }

    /// When a task may take one more although none has ended.
    func nextPlace(at endpoints: [Endpoint]) -> ContinuousClock.Instant? {
        endpoints.compactMap { loads[$0]?.counted.values.min() }.min()
    }
}
