import FlockCore

/// What the scaler asks while it puts an app to sleep, or ends some of its tasks.
extension Waker {
    struct HoldReport: Encodable, Sendable {
        var app: String
        /// By the one who asks.
        var isHeld: Bool
        /// Requests that came since: somebody wants the app.
        var waiting: Int
        /// Requests that flock-backup still carries to the app's tasks.
        var inFlight: Int
        /// Those of each task that has any.
        var tasks: [String: Int]
    }

    /// Keeps requests for the app and forwards none, until released or the lease ends by itself.
    /// - Returns: whether the lease was taken; not while it is another's.
    func hold(_ appID: String, _ lease: Lease) -> Bool {
        var entry = entry(appID)
        guard entry.state.hold(lease, at: clock.now) else { return false }
        entries[appID] = entry
        CrashPoint.backupHeld.pass()
        return true
    }

    /// - Returns: whether the lease was still the holder's.
    func renewHold(_ appID: String, _ lease: Lease) -> Bool {
        entries[appID]?.state.renew(lease, at: clock.now) ?? false
    }

    func release(_ appID: String, by holder: Lease.Holder) {
        entries[appID]?.state.release(by: holder)
        ring(appID)
    }

    func holdReport(_ appID: String, for holder: Lease.Holder) -> HoldReport {
        let entry = entries[appID]
        return HoldReport(
            app: appID, isHeld: entry?.state.isHeld(by: holder, at: clock.now) ?? false,
            waiting: entry?.queue.count ?? 0, inFlight: entry?.pace.open ?? 0,
            tasks: entry?.pace.openByTask ?? [:])
    }
}
