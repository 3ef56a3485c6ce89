/// Measures time that never jumps.
struct AgentClock: Sendable {
    /// Since some moment that stays the same as long as the process lives.
    var now: @Sendable () -> Duration
    var sleep: @Sendable (Duration) async throws -> Void

    static let continuous: AgentClock = {
        let start = ContinuousClock.now
        return AgentClock(
            now: { ContinuousClock.now - start },
            sleep: { try await Task.sleep(for: $0) })
    }()
}
