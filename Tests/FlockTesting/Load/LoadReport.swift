/// What came of the requests of a load.
public struct LoadReport: Sendable {
    public struct Answer: Sendable {
        /// Since the load began.
        public var start: Duration
        /// Without the time that the app was asked to take.
        public var took: Duration
        /// Whether the request had a body.
        public var body: Bool
    }

    /// Failed ones too.
    public internal(set) var answers: [Answer] = []
    /// Each with what happened.
    public internal(set) var failures: [String] = []
    /// Requests that went over a connection that others had used.
    public internal(set) var kept = 0
    public internal(set) var elapsed = Duration.zero

    public var slowest: Duration { answers.map(\.took).max() ?? .zero }
    public var median: Duration {
        answers.isEmpty ? .zero : answers.map(\.took).sorted()[answers.count / 2]
    }
}

extension LoadReport: CustomStringConvertible {
    public var description: String {
        let rate = Int(Double(answers.count) / (elapsed / .seconds(1)))
        return "\(answers.count) requests (\(answers.count { $0.body }) with bodies, \(kept) over kept connections), "
            + "\(rate) a second, \(failures.count) failed, median \(median.milliseconds) ms, "
            + "slowest \(slowest.milliseconds) ms"
    }
}

extension Duration {
    /// Rounded to a tenth.
    public var milliseconds: Double { (self / .milliseconds(1) * 10).rounded() / 10 }
}
