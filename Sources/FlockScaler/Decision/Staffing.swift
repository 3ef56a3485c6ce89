import FlockCore

/// How many instances a load needs.
///
/// Requests do not come evenly: where `n` are under way on average, the number varies by about its square root. So room
/// is kept that grows with the root ("square-root staffing", Halfin and Whitt 1981), not with the load: a flat share of
/// 0.7 leaves a single busy instance too little and twenty of them more than they use. ``ScalePolicy/target`` is the
/// share that is aimed at where 25 requests are under way.
struct Staffing: Sendable, Hashable {
    private static let pivot = 25.0

    /// Requests at once that one instance takes.
    let concurrency: Double
    /// In square roots of the load.
    let room: Double
    let requestsPerSecond: Double?

    init(_ policy: ScalePolicy) {
        concurrency = Double(policy.concurrency)
        room = (1 / policy.target - 1) * Self.pivot.squareRoot()
        requestsPerSecond = policy.requestsPerSecond
    }

    /// - Returns: 0 for no load.
    func instances(for load: LoadWindow.Load) -> Int {
        let places = load.concurrency + room * load.concurrency.squareRoot()
        return max(Self.count(places / concurrency), requestsPerSecond.map { Self.count(load.rate / $0) } ?? 0)
    }

    /// Rounded up, but not because of the last digit of a sum.
    private static func count(_ instances: Double) -> Int {
        Int(min(instances - 1e-9, 1e6).rounded(.up))
    }
}

extension LoadWindow.Load {
    /// What the load is at least, where it was seen for a moment only.
    /// - Parameter deviations: how many standard deviations it may have been above its mean by chance.
    func atLeast(_ deviations: Double, within seconds: Double) -> Self {
        Self(
            concurrency: max(0, concurrency - deviations * concurrency.squareRoot()),
            rate: max(0, rate - deviations * (rate / seconds).squareRoot()))
    }
}
