import Marathon

/// What flock-backup knows about one app, and what it does next: a value that is told what happened and says what
/// to do.
///
/// ```
///            request                 proven
///   unknown ─────────► waking ────────────────► awake ──► (forgotten after a while, or when its task goes)
///      ▲                  │ failed, too late      │ hold
///      └──────────────────┴───────────────────────┴──► held ── lease ends ──► waking, if anybody waits
/// ```
struct WakeState: Sendable {
    /// A task that answered its check.
    struct Endpoint: Sendable, Hashable {
        var taskID: String
        var host: String
        var port: Int
    }

    enum Answer: Sendable, Hashable {
        case forward(Endpoint)
        /// Nothing is forwarded yet: the request waits.
        case wait
    }

    enum Step: Sendable, Hashable {
        /// A sleep is under way; ask again when it ends.
        case pause
        /// Nothing runs and nothing is asked for: start this many.
        case start(Int)
        /// These may serve; find out.
        case probe([AppTask])
        /// Started, but no task runs yet.
        case look
        case unknownApp
    }

    /// How long an endpoint is believed without looking again: the port may be another app's by then.
    static let trust = Duration.seconds(2)

    private(set) var endpoints: [Endpoint] = []
    private var learned: ContinuousClock.Instant?
    private(set) var heldUntil: ContinuousClock.Instant?
    /// Requests that wait.
    var waiting = 0
    private var turn = 0

    func isHeld(at now: ContinuousClock.Instant) -> Bool { heldUntil.map { $0 > now } ?? false }

    mutating func arrived(at now: ContinuousClock.Instant) -> Answer {
        guard !isHeld(at: now), let learned, now - learned < Self.trust, !endpoints.isEmpty else { return .wait }
        turn += 1
        return .forward(endpoints[turn % endpoints.count])
    }

    /// From now, nothing is forwarded to the app's present tasks.
    mutating func hold(until: ContinuousClock.Instant) {
        heldUntil = until
        endpoints = []
    }

    mutating func release() {
        heldUntil = nil
        endpoints = []
    }

    mutating func proven(_ endpoint: Endpoint, at now: ContinuousClock.Instant) {
        guard !isHeld(at: now) else { return }
        endpoints = [endpoint]
        learned = now
    }

    mutating func lost(taskID: String) {
        endpoints.removeAll { $0.taskID == taskID }
    }

    mutating func lost(host: String?, port: Int) {
        endpoints.removeAll { $0.port == port && (host == nil || $0.host == host) }
    }

    mutating func forget() {
        endpoints = []
    }

    /// - Parameters:
    ///   - app: as Marathon has it now; `nil` when there is none.
    ///   - wake: instances that a wake starts.
    func next(_ app: App?, wake: Int, at now: ContinuousClock.Instant) -> Step {
        if isHeld(at: now) { return .pause }
        guard let app else { return .unknownApp }
        let running = (app.tasks ?? []).filter { $0.isRunning && !$0.ports.isEmpty }
        if !running.isEmpty { return .probe(running) }
        return app.instances == 0 ? .start(wake) : .look
    }
}
