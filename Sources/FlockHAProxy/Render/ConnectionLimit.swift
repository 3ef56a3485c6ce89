import FlockCore
import Foundation

/// How many connections HAProxy takes at once.
struct ConnectionLimit: Sendable, Hashable {
    /// Beside those that may wait for an app.
    private static let usual = 4000
    /// What HAProxy 2.6 counts beside connections and checks: 22, three for each thread, and the listeners.
    private static var others: Int { 64 + 4 * ProcessInfo.processInfo.processorCount }

    private static let step = 256

    /// Enough for all that may wait, and the usual ones.
    let wanted: Int
    /// What there is: HAProxy does not start with more than the files that it may open suffice for.
    let count: Int

    /// - Parameter openFiles: how many HAProxy may have. A connection takes two, to the client and to the app; a server
    ///   that is checked one more.
    init(_ plan: RoutingPlan, openFiles: Int) {
        wanted = plan.settings.backup.maxHeld + Self.usual
        let checked =
            plan.slots.backends.values.reduce(0) { $0 + $1.count }
            + (plan.isACL ? plan.slots.backends.count * plan.backups.count : 0)
        // In steps, so that it is not another one with every app that comes.
        let checks = (checked / Self.step + 1) * Self.step
        count = max(100, min(wanted, (openFiles - Self.others - checks) / 2))
    }

    /// What the files would have to be for ``wanted``.
    func lacking(of openFiles: Int) -> Int { openFiles + 2 * (wanted - count) }
}
