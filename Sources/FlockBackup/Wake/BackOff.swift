/// How long an app that failed to start is left alone: 5 s after the first failure, twice as long after each further
/// one, 5 minutes at most. A success or another version of the app ends it.
struct BackOff: Sendable, Hashable {
    static let first = Duration.seconds(5)
    static let longest = Duration.seconds(300)

    /// Since the last success.
    private(set) var failures = 0
    /// Why the last start failed.
    private(set) var reason: StartFailure?
    private var until: ContinuousClock.Instant?
    /// Of the app that failed; `nil` where nobody could say.
    private var version: String?

    mutating func failed(_ reason: StartFailure, version: String?, at now: ContinuousClock.Instant) {
        saw(version)
        self.reason = reason
        self.version = version
        // 5 s · 2⁶ is more than the longest.
        until = now + min(Self.longest, Self.first * (1 << min(failures, 6)))
        failures += 1
    }

    mutating func succeeded() {
        self = BackOff()
    }

    /// - Parameter current: the app's version, as far as it is known.
    mutating func saw(_ current: String?) {
        if let version, let current, version != current { self = BackOff() }
    }

    /// How long the app is still left alone; `nil` when it may be tried.
    func left(at now: ContinuousClock.Instant) -> Duration? {
        until.flatMap { $0 > now ? $0 - now : nil }
    }
}
