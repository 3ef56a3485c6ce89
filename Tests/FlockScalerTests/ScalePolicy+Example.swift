import FlockTesting

@testable import FlockCore
@testable import FlockScaler

extension ScalePolicy {
    /// The defaults of templates/flock.yaml, and what a test wants otherwise.
    static func example(_ change: (inout ScalePolicy) -> Void = { _ in }) throws -> ScalePolicy {
        var policy = ScalePolicy(try Settings.defaults().scaler)
        change(&policy)
        return policy
    }
}

/// An app in front of ``ScaleState``: what it has, and what is decided about it, look by look.
struct WatchedApp {
    var state = ScaleState()
    let rules: ScaleRules
    var instances: Int
    /// Seconds.
    var now: Double
    var isDeploying = false
    var isKeptAwake = false
    /// Whether what is decided happens.
    var isObeyed = true
    private(set) var history: [Int] = []

    init(_ policy: ScalePolicy, instances: Int = 1, at now: Double = 1000) {
        rules = ScaleRules(policy)
        self.instances = instances
        self.now = now
    }

    @discardableResult
    mutating func look(_ sample: AppSample = AppSample(), after seconds: Double = 1) -> ScaleVerdict {
        now += seconds
        let verdict = state.decide(
            sample,
            .init(instances: instances, ready: instances, isDeploying: isDeploying, isKeptAwake: isKeptAwake), rules,
            at: now)
        if isObeyed {
            switch verdict.action {
            case .keep: break
            case .scale(let count), .wake(let count): instances = count
            case .sleep: instances = 0
            }
        }
        history.append(instances)
        return verdict
    }

    /// So many looks at one load.
    mutating func look(_ times: Int, _ sample: AppSample) {
        for _ in 0..<times { look(sample) }
    }
}

extension AppSample {
    /// A load that is the same at each look.
    /// - Parameter service: seconds that a request takes.
    static func load(_ concurrency: Int, service: Double = 1, seconds: Double = 1) -> AppSample {
        var sample = AppSample()
        sample.inFlight = concurrency
        sample.arrivals = Int(Double(concurrency) / service * seconds)
        sample.work = Double(sample.arrivals) * service
        return sample
    }
}
