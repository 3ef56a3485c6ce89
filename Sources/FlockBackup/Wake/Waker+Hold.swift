import FlockCore

/// What the scaler asks while it puts an app to sleep.
extension Waker {
    struct HoldReport: Encodable, Sendable {
        var app: String
        var isHeld: Bool
        /// Requests that came since: somebody wants the app.
        var waiting: Int
        /// Requests that flock-backup still carries to the app's tasks.
        var inFlight: Int
    }

    /// Keeps requests for the app and forwards none, until released or the lease ends by itself.
    func hold(_ appID: String, for lease: Duration) -> HoldReport {
        var entry = entry(appID)
        entry.state.hold(until: clock.now + lease)
        entries[appID] = entry
        return holdReport(appID)
    }

    func release(_ appID: String) -> HoldReport {
        entries[appID]?.state.release()
        ring(appID)
        return holdReport(appID)
    }

    func holdReport(_ appID: String) -> HoldReport {
        let entry = entries[appID]
        return HoldReport(
            app: appID, isHeld: entry?.state.isHeld(at: clock.now) ?? false, waiting: entry?.queue.count ?? 0,
            inFlight: entry?.pace.open ?? 0)
    }
}
