/// Keeps a Marathon that does not answer from being asked by every wake at once: one asks, after pauses that grow from
/// 50 ms to 2 s, and the others wait for what it finds.
struct MarathonOutage: Sendable {
    static let first = Duration.milliseconds(50)
    static let longest = Duration.seconds(2)

    /// When it began; `nil` while Marathon answers.
    private(set) var since: ContinuousClock.Instant?
    private(set) var pause = Self.first
    private var next: ContinuousClock.Instant?
    private var isTrying = false

    /// Whether Marathon may be asked now. In an outage this is said to one caller, who has to tell how it went.
    mutating func mayAsk(at now: ContinuousClock.Instant) -> Bool {
        guard let next else { return true }
        guard !isTrying, next <= now else { return false }
        isTrying = true
        return true
    }

    mutating func failed(at now: ContinuousClock.Instant) {
        // Many may have been on their way when it began.
        guard since == nil || isTrying else { return }
        pause = since == nil ? Self.first : min(Self.longest, pause * 2)
        since = since ?? now
        next = now + pause
        isTrying = false
    }

    /// - Returns: whether that is the end of an outage.
    mutating func answered() -> Bool {
        guard since != nil else { return false }
        self = MarathonOutage()
        return true
    }
}
