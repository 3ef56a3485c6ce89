public import Foundation

/// One decision with what it came from: a line of `flock-scaler explain`.
public struct DecisionRecord: Codable, Sendable, Hashable {
    public internal(set) var at: Date
    /// `keep`, `scale`, `wake` or `sleep`.
    public internal(set) var action: String
    /// What decided: `flock-scaler explain --help` lists them.
    public internal(set) var rule: String
    /// As Marathon had it.
    public internal(set) var instances: Int
    public internal(set) var ready: Int
    public internal(set) var wanted: Int
    /// Requests in this moment.
    public internal(set) var inFlight: Int
    /// Requests at once, over the window and over the burst window.
    public internal(set) var concurrency: Double
    public internal(set) var burstConcurrency: Double
    public internal(set) var requestsPerSecond: Double
    public internal(set) var idleSeconds: Double
    /// What was in the way of doing it.
    public internal(set) var prevented: String?

    init(_ verdict: ScaleVerdict, _ sample: AppSample, _ situation: ScaleState.Situation, at: Date) {
        func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
        self.at = at
        action =
            switch verdict.action {
            case .keep: "keep"
            case .scale: "scale"
            case .wake: "wake"
            case .sleep: "sleep"
            }
        rule = verdict.rule.rawValue
        (instances, ready, wanted) = (situation.instances, situation.ready, verdict.wanted)
        inFlight = sample.inFlight
        concurrency = rounded(verdict.window.concurrency)
        burstConcurrency = rounded(verdict.burst.concurrency)
        requestsPerSecond = rounded(verdict.window.rate)
        idleSeconds = rounded(verdict.idle)
    }

    /// Without what was in the way.
    var asIfDone: Self {
        var record = self
        record.prevented = nil
        return record
    }

    /// Whether it says the same, though the load may be another.
    func repeats(_ earlier: Self) -> Bool {
        action == earlier.action && rule == earlier.rule && instances == earlier.instances && wanted == earlier.wanted
            && prevented == earlier.prevented
    }
}
