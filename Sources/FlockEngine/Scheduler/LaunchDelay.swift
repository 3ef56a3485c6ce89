/// How long an app that fails waits for its next launch. Source: Marathon's RateLimiter.
struct LaunchDelay: Sendable, Hashable {
    private(set) var delay: Duration = .zero
    /// Nothing is launched before.
    private(set) var until: Duration = .zero

    /// For a launch that is not the app's fault to wait.
    mutating func wait(until time: Duration) {
        until = max(until, time)
    }

    mutating func failed(at now: Duration, first: Duration, factor: Double, most: Duration) {
        // Forgotten when the app has been well for as long as the longest delay.
        if delay > .zero && now - until > most { delay = .zero }
        delay = min(most, delay == .zero ? first : delay * factor)
        until = now + delay
    }
}
