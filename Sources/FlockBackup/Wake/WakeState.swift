import FlockCore
import Marathon

/// Where an app serves, as far as flock-backup has found out itself, and whether it may forward to it.
///
/// ```
///            proven
///   unknown ────────► serving ──► unknown   (after a while, or when its task goes)
///      ▲                 │ hold
///      └── lease ends ── held
/// ```
struct WakeState: Sendable {
    /// How long endpoints are believed without Marathon saying so again: the port may be another app's by then.
    static let trust = Duration.seconds(2)

    /// How long after the last confirmation a failing Marathon lets them be believed on. A task that goes on answering
    /// confirms itself: while requests come one after the other, its port would have refused one before it was another's.
    static let outageTrust = Duration.seconds(10)

    /// Of tasks that answered their check.
    private var endpoints: [Endpoint] = []
    private var learned: ContinuousClock.Instant?
    /// When Marathon, or the task itself, said so last.
    private var confirmed: ContinuousClock.Instant?
    /// Of who puts the app to sleep.
    private(set) var lease: Lease?

    func isHeld(at now: ContinuousClock.Instant) -> Bool { lease?.holds(at: now) ?? false }

    /// Where requests may go now; empty while nothing is known or the app is held.
    func serving(at now: ContinuousClock.Instant) -> [Endpoint] {
        guard !isHeld(at: now), let learned, now - learned < Self.trust else { return [] }
        return endpoints
    }

    /// From now, nothing is forwarded to the app's present tasks.
    /// - Returns: whether the lease was taken; not while it is another's.
    mutating func hold(_ lease: Lease, at now: ContinuousClock.Instant) -> Bool {
        guard lease.mayReplace(self.lease, at: now) else { return false }
        self.lease = lease
        endpoints = []
        return true
    }

    /// - Returns: whether the lease was still the holder's.
    mutating func renew(_ lease: Lease, at now: ContinuousClock.Instant) -> Bool {
        guard isHeld(by: lease.holder, at: now) else { return false }
        self.lease = lease
        return true
    }

    func isHeld(by holder: Lease.Holder, at now: ContinuousClock.Instant) -> Bool {
        lease?.holder == holder && isHeld(at: now)
    }

    /// Ends the holder's lease, and nobody else's.
    mutating func release(by holder: Lease.Holder) {
        guard lease?.holder == holder else { return }
        lease = nil
        endpoints = []
    }

    mutating func proven(_ endpoint: Endpoint, at now: ContinuousClock.Instant) {
        guard !isHeld(at: now) else { return }
        if serving(at: now).isEmpty { endpoints = [] }
        if !endpoints.contains(endpoint) { endpoints.append(endpoint) }
        (learned, confirmed) = (now, now)
    }

    /// Marathon says which tasks run: those that are known among them are believed anew, others are forgotten.
    mutating func confirmed(_ running: [AppTask], at now: ContinuousClock.Instant) {
        guard !serving(at: now).isEmpty else { return }
        endpoints.removeAll { endpoint in !running.contains { $0.id == endpoint.taskID } }
        (learned, confirmed) = (now, now)
    }

    /// Marathon does not answer, so it launches nothing that could take the place of what served a moment ago.
    mutating func unconfirmed(at now: ContinuousClock.Instant) {
        if let confirmed, now - confirmed < Self.outageTrust { learned = now }
    }

    /// It answered a request.
    mutating func answered(_ endpoint: Endpoint, at now: ContinuousClock.Instant) {
        if serving(at: now).contains(endpoint) { confirmed = now }
    }

    mutating func lost(taskID: String) {
        endpoints.removeAll { $0.taskID == taskID }
    }

    mutating func lost(_ endpoint: Endpoint) {
        endpoints.removeAll { $0 == endpoint }
    }

    mutating func forget() {
        endpoints = []
    }
}
