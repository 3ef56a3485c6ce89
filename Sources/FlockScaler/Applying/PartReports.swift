/// What every part says while an app is put to sleep or some of its tasks are ended, and what follows.
struct PartReports: Sendable, Hashable {
    struct Hold: Decodable, Sendable, Hashable {
        var isHeld: Bool
        /// Requests that came since.
        var waiting: Int
        /// Requests that flock-backup still carries to the app's tasks.
        var inFlight: Int
        /// Those of each task that has any.
        var tasks: [String: Int]
    }

    struct Drain: Decodable, Sendable, Hashable {
        var isDraining: Bool
        /// Requests and connections that HAProxy still carries to the app's tasks.
        var sessions: Int
        /// Those of each task that HAProxy knows.
        var tasks: [String: Int]
    }

    enum Verdict: Sendable, Hashable {
        /// Nothing is under way to the app's tasks, and nothing can come to them.
        case quiet
        /// So much is still under way.
        case busy(Int)
        /// With what is in the way.
        case disturbed(String)
    }

    /// By the place of the part.
    var holds: [String: Hold] = [:]
    var drains: [String: Drain] = [:]

    /// Whether the app may be put to sleep.
    var verdict: Verdict {
        // A part that was started again has forgotten its lease, and lets requests through.
        if let (place, _) = holds.first(where: { !$0.value.isHeld }) {
            return .disturbed("\(place) no longer holds it")
        }
        if let why = lostDrain { return .disturbed(why) }
        if isAwaited { return .disturbed("a request came") }
        let count = holds.values.reduce(0) { $0 + $1.inFlight } + drains.values.reduce(0) { $0 + $1.sessions }
        return count == 0 ? .quiet : .busy(count)
    }

    /// A drain that is not there: its HAProxy sends requests.
    var lostDrain: String? {
        drains.first { !$0.value.isDraining }.map { "\($0.key) no longer drains it" }
    }

    /// Whether a flock-backup keeps requests for the app.
    var isAwaited: Bool { holds.contains { $0.value.waiting > 0 } }

    /// What is under way to each task that anybody knows.
    var sessionsByTask: [String: Int] {
        var sessions: [String: Int] = [:]
        for tasks in holds.values.map(\.tasks) + drains.values.map(\.tasks) {
            sessions.merge(tasks, uniquingKeysWith: +)
        }
        return sessions
    }
}
