import FlockCore

/// What the scaler remembers of one app, and what it decides: no clock, no network.
struct ScaleState: Sendable {
    enum Decision: Sendable, Hashable {
        case keep
        case scale(to: Int)
        case sleep
    }

    /// What an app is doing, from Marathon.
    struct Situation: Sendable, Hashable {
        var instances: Int
        var isDeploying: Bool
    }

    /// The reason given for an app that has no instances.
    static let asleep = "asleep"

    /// Over which concurrency is averaged.
    static let window = Duration.seconds(6)

    private(set) var lastActivity: ContinuousClock.Instant
    private(set) var sessions = 0
    private var hasLooked = false
    /// Requests in flight at each look, newest last.
    private var samples: [(at: ContinuousClock.Instant, sessions: Int)] = []
    /// Instances wanted at each look: the most of them within the delay holds.
    private var wishes: [(at: ContinuousClock.Instant, instances: Int)] = []

    init(at now: ContinuousClock.Instant) {
        lastActivity = now
    }

    mutating func decide(
        _ sample: AppSample, _ situation: Situation, _ policy: ScalePolicy, at now: ContinuousClock.Instant
    ) -> (decision: Decision, reason: String) {
        guard situation.instances > 0 else {
            samples = []
            wishes = []
            sessions = 0
            hasLooked = true
            lastActivity = now
            return (.keep, Self.asleep)
        }
        noteUse(sample, at: now)
        sessions = sample.sessions
        samples.append((now, sample.sessions))
        samples.removeAll { now - $0.at > Self.window }

        let mean = Double(samples.reduce(0) { $0 + $1.sessions }) / Double(samples.count)
        let needed = Int((mean / (policy.target * Double(policy.concurrency))).rounded(.up))
        let wish = min(max(needed, policy.min, 1), max(policy.max, 1))
        wishes.append((now, wish))
        wishes.removeAll { now - $0.at > policy.scaleDownDelay }
        let desired = wishes.map(\.instances).max() ?? wish

        guard !situation.isDeploying else { return (.keep, "a deployment runs") }
        if desired > situation.instances { return (.scale(to: desired), "\(rounded(mean)) requests at once") }
        guard sample.isComplete else { return (.keep, "a node did not answer or does not know the app") }
        if policy.min == 0, sample.sessions == 0, now - lastActivity >= policy.idleAfter {
            return (.sleep, "idle for \(Int((now - lastActivity) / .seconds(1))) s")
        }
        if desired < situation.instances { return (.scale(to: desired), "\(rounded(mean)) requests at once") }
        return (.keep, "\(rounded(mean)) requests at once")
    }

    private mutating func noteUse(_ sample: AppSample, at now: ContinuousClock.Instant) {
        let isFirst = !hasLooked
        hasLooked = true
        let last = sample.sinceLast.map { now - $0 }
        if sample.isCounted {
            if let last { lastActivity = isFirst ? last : max(lastActivity, last) }
            return
        }
        if sample.sessions > 0 || sample.arrivals > 0 { lastActivity = now }
        // After our own start, HAProxy knows better than we do.
        if let last, isFirst { lastActivity = min(lastActivity, last) }
    }

    /// A sleep was called off: somebody was there.
    mutating func wasDisturbed(at now: ContinuousClock.Instant) {
        lastActivity = now
    }

    private func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
