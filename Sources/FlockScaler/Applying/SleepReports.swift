/// What every part says while an app is put to sleep, and what follows.
struct SleepReports: Sendable, Hashable {
    struct Hold: Decodable, Sendable, Hashable {
        var isHeld: Bool
        /// Requests that came since.
        var waiting: Int
        /// Requests that flock-backup still carries to the app's tasks.
        var inFlight: Int
    }

    struct Drain: Decodable, Sendable, Hashable {
        var isDraining: Bool
        /// Requests and connections that HAProxy still carries to the app's tasks.
        var sessions: Int
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

    var verdict: Verdict {
        // A part that was started again has forgotten its lease, and lets requests through.
        if let (place, _) = holds.first(where: { !$0.value.isHeld }) {
            return .disturbed("\(place) no longer holds it")
        }
        if let (place, _) = drains.first(where: { !$0.value.isDraining }) {
            return .disturbed("\(place) no longer drains it")
        }
        if holds.contains(where: { $0.value.waiting > 0 }) { return .disturbed("a request came") }
        let count = holds.values.reduce(0) { $0 + $1.inFlight } + drains.values.reduce(0) { $0 + $1.sessions }
        return count == 0 ? .quiet : .busy(count)
    }
}
