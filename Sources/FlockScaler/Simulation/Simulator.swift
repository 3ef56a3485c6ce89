public import FlockCore
import Foundation

/// Compares policies on a trace: what `flock-scaler simulate` prints.
public struct Simulator: Sendable {
    /// What an instance can do, and how the trace is replayed.
    public struct Options: Sendable, Hashable {
        /// From the decision until a new instance serves.
        public var start: Duration = .seconds(2)
        /// How long a request is served on average; exponentially distributed.
        public var service: Duration = .milliseconds(900)
        /// Requests that an instance serves at once.
        public var slots = 10
        /// Counts are divided by this; of single requests, one in so many is replayed.
        public var scale = 1.0
        public var seed: UInt64 = 1

        public init() {}

        var model: Simulation.Model {
            Simulation.Model(
                start: start / .seconds(1), service: service / .seconds(1), slots: slots, scale: scale, seed: seed)
        }
    }

    /// One policy, and what it cost and gave.
    public struct Row: Encodable, Sendable, Hashable {
        public var policy: String
        public var requests: Int
        public var instanceSeconds: Double
        /// Of an oracle that knows the load of every second and starts instances in no time; `nil` without load.
        public var oracleRatio: Double?
        /// Of as many instances all the time as the oracle had at its peak.
        public var fixedRatio: Double?
        public var waitP50Milliseconds: Double
        public var waitP99Milliseconds: Double
        public var waitP999Milliseconds: Double
        public var waitMaxMilliseconds: Double
        /// Starts from nothing.
        public var wakes: Int
        /// Changes of the number of instances.
        public var changes: Int

        enum CodingKeys: String, CodingKey {
            case policy, requests, wakes, changes
            case instanceSeconds = "instance_seconds"
            case oracleRatio = "oracle_ratio"
            case fixedRatio = "fixed_ratio"
            case waitP50Milliseconds = "wait_p50_ms"
            case waitP99Milliseconds = "wait_p99_ms"
            case waitP999Milliseconds = "wait_p999_ms"
            case waitMaxMilliseconds = "wait_max_ms"
        }

        /// A ratio to nothing is written as null, not left out.
        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(policy, forKey: .policy)
            try container.encode(requests, forKey: .requests)
            try container.encode(instanceSeconds, forKey: .instanceSeconds)
            try container.encode(oracleRatio, forKey: .oracleRatio)
            try container.encode(fixedRatio, forKey: .fixedRatio)
            try container.encode(waitP50Milliseconds, forKey: .waitP50Milliseconds)
            try container.encode(waitP99Milliseconds, forKey: .waitP99Milliseconds)
            try container.encode(waitP999Milliseconds, forKey: .waitP999Milliseconds)
            try container.encode(waitMaxMilliseconds, forKey: .waitMaxMilliseconds)
            try container.encode(wakes, forKey: .wakes)
            try container.encode(changes, forKey: .changes)
        }
    }

    private let traces: [Trace]
    private let options: Options
    private let title: String

    /// - Parameters:
    ///   - from: where the replay begins: `1998-06-10`, `1998-06-10 12:00:00`, or seconds.
    ///   - to: where it ends, exclusive; the same day as `from` is that whole day.
    ///   - ignore: requests of an access log that neither wake an app nor keep it awake.
    public init(
        trace file: String, from: String? = nil, to: String? = nil, ignore: Settings.Ignore = Settings.Ignore(),
        options: Options = Options()
    ) throws(TraceError) {
        let begin = try Self.time(from, of: "--from")
        var end = try Self.time(to, of: "--to")
        if let to, to == from, to.count == 10 { end = end.map { $0 + 86_400 } }
        if let begin, let end, begin >= end {
            throw TraceError(.badTime, "--to is not after --from", hint: "--to is exclusive.")
        }
        traces = try TraceReader.traces(in: file, from: begin, to: end, ignore: ignore)
        title = URL(fileURLWithPath: file).lastPathComponent
        self.options = options
    }

    private static func time(_ text: String?, of option: String) throws(TraceError) -> Double? {
        guard let text else { return nil }
        guard let seconds = TraceTime.seconds(text) else {
            throw TraceError(
                .badTime, "\(option): \"\(text)\" is no time",
                hint: "Write 1998-06-10, 1998-06-10 12:00:00, or seconds.")
        }
        return seconds
    }

    /// Runs all policies on the same requests. The first one's target is the oracle's.
    /// - Parameter plot: called with the drawing, where one is wanted.
    public func compare(
        _ policies: [(name: String, policy: ScalePolicy)], plot: ((String) throws -> Void)? = nil
    ) rethrows -> [Row] {
        let target = policies.first?.policy.target ?? 1
        let duration = traces.map(\.duration).max() ?? 0
        var drawn: [(name: String, series: SimulationSeries)] = []
        let rows = policies.map { name, policy in
            let series = plot == nil ? nil : SimulationSeries(duration: duration, columns: 960)
            var result = SimulationResult(duration: duration)
            for trace in traces {
                let simulation = Simulation(trace: trace, model: options.model)
                result.add(simulation.run(policy, target: target, series: series))
            }
            if let series { drawn.append((name, series)) }
            return Row(policy: name, result)
        }
        try plot?(
            SimulationPlot(title: title, start: traces.first?.start, duration: duration, policies: drawn).svg())
        return rows
    }
}

extension Simulator.Row {
    init(policy: String, _ result: SimulationResult) {
        func rounded(_ value: Double, _ digits: Double) -> Double { (value * digits).rounded() / digits }
        func ratio(_ base: Double) -> Double? { base > 0 ? rounded(result.instanceSeconds / base, 1e4) : nil }
        func wait(_ share: Double) -> Double { rounded(result.waits.percentile(share) * 1000, 10) }
        self.policy = policy
        requests = result.requests
        instanceSeconds = rounded(result.instanceSeconds, 10)
        oracleRatio = ratio(result.oracleInstanceSeconds)
        fixedRatio = ratio(result.fixedInstanceSeconds)
        waitP50Milliseconds = wait(0.5)
        waitP99Milliseconds = wait(0.99)
        waitP999Milliseconds = wait(0.999)
        waitMaxMilliseconds = rounded(result.waits.longest * 1000, 10)
        wakes = result.wakes
        changes = result.changes
    }
}
