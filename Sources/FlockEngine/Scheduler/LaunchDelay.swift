/// How long an app that fails waits for its next launch. Source: Marathon's RateLimiter.
struct LaunchDelay: Sendable, Hashable {
    private(set) var delay: Duration
    /// Nothing is launched before.
    private(set) var until: Duration

    init(delay: Duration = .zero, until: Duration = .zero) {
        self.delay = delay
        self.until = until
    }

    mutating func failed(at now: Duration, first: Duration, factor: Double, most: Duration) {
        // Forgotten when the app has been well for as long as the longest delay.
        if delay > .zero && now - until > most { delay = .zero }
        delay = min(most, delay == .zero ? first : delay * factor)
        until = now + delay
    }
}
