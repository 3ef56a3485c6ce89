public import FlockCore
import Foundation

/// Simulates many apps over days, to plan a cluster from: what `flock-scaler simulate --fleet` prints.
public struct FleetSimulator: Sendable {
    public struct Row: Encodable, Sendable, Hashable {
        public var policy: String
        public var apps: Int
        public var days: Int
        public var requests: Int
        public var instanceSeconds: Double
        /// Of one instance for each app all the time.
        public var alwaysOnRatio: Double
        /// Instances at once, over all apps, by the minute.
        public var instancesMean: Double
        public var instancesP99: Double
        public var instancesMax: Double
        /// Apps that are awake no more than a tenth of the time, as a share of all.
        public var idleApps: Double
        public var wakes: Int
        public var wakesPerAppAndDay: Double
        /// Requests that waited for an app to start, or for a place, as a share of all.
        public var waitingRequests: Double
        public var waitP99Milliseconds: Double
        public var waitP999Milliseconds: Double
        public var waitMaxMilliseconds: Double

        enum CodingKeys: String, CodingKey {
            case policy, apps, days, requests, wakes
            case instanceSeconds = "instance_seconds"
            case alwaysOnRatio = "always_on_ratio"
            case instancesMean = "instances_mean"
            case instancesP99 = "instances_p99"
            case instancesMax = "instances_max"
            case idleApps = "idle_apps"
            case wakesPerAppAndDay = "wakes_per_app_day"
            case waitingRequests = "waiting_requests"
            case waitP99Milliseconds = "wait_p99_ms"
            case waitP999Milliseconds = "wait_p999_ms"
            case waitMaxMilliseconds = "wait_max_ms"
        }
    }

    private let distribution: FleetDistribution
    private let options: Simulator.Options

    public init(_ distribution: FleetDistribution, options: Simulator.Options) {
        self.distribution = distribution
        self.options = options
    }

    /// Some of the apps, added up.
    private struct Sum: Sendable {
        var result: SimulationResult
        /// Instance-seconds in each minute.
        var minutes: [Double]
        var idle = 0

        mutating func add(_ other: Sum) {
            result.add(other.result)
            for (minute, more) in other.minutes.enumerated() { minutes[minute] += more }
            idle += other.idle
        }
    }

    /// - Parameter progress: told how many apps are done, now and then.
    public func run(
        _ policy: ScalePolicy, named name: String, progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async -> Row {
        let workers = ProcessInfo.processInfo.activeProcessorCount
        var total = sum()
        await withTaskGroup(of: Sum.self) { group in
            var next = 0
            var done = 0
            // Few at once, since each holds an app's requests; the busy ones take much longer than the others.
            while next < distribution.apps || done < distribution.apps {
                if next < distribution.apps, next - done < workers {
                    let app = next
                    group.addTask { simulate(app, policy) }
                    next += 1
                } else if let one = await group.next() {
                    total.add(one)
                    done += 1
                    progress(done)
                }
            }
        }
        return row(name, total)
    }

    private func sum() -> Sum {
        Sum(
            result: SimulationResult(duration: Double(distribution.days) * 86_400),
            minutes: Array(repeating: 0, count: distribution.days * 1440))
    }

    private func simulate(_ app: Int, _ policy: ScalePolicy) -> Sum {
        var model = options.model
        model.seed = options.seed &+ UInt64(app)
        model.beginsAwake = false
        let trace = distribution.trace(of: app, seed: options.seed)
        let series = SimulationSeries(duration: trace.duration, columns: distribution.days * 1440)
        var one = sum()
        one.result = Simulation(trace: trace, model: model).run(policy, target: policy.target, series: series)
        one.minutes = series.columns.map(\.instanceSeconds)
        one.idle = one.result.instanceSeconds <= trace.duration / 10 ? 1 : 0
        return one
    }

    private func row(_ name: String, _ sum: Sum) -> Row {
        func rounded(_ value: Double, _ digits: Double) -> Double { (value * digits).rounded() / digits }
        func wait(_ share: Double) -> Double { rounded(sum.result.waits.percentile(share) * 1000, 10) }
        let result = sum.result
        let apps = Double(distribution.apps)
        let minutes = sum.minutes.map { $0 / 60 }.sorted()
        return Row(
            policy: name, apps: distribution.apps, days: distribution.days, requests: result.requests,
            instanceSeconds: rounded(result.instanceSeconds, 1),
            alwaysOnRatio: rounded(result.instanceSeconds / (result.duration * apps), 1e4),
            instancesMean: rounded(result.instanceSeconds / result.duration, 10),
            instancesP99: rounded(minutes[Int(Double(minutes.count - 1) * 0.99)], 10),
            instancesMax: rounded(minutes[minutes.count - 1], 10), idleApps: rounded(Double(sum.idle) / apps, 1e4),
            wakes: result.wakes,
            wakesPerAppAndDay: rounded(Double(result.wakes) / apps / Double(distribution.days), 100),
            waitingRequests: rounded(result.waits.waitingShare, 1e4), waitP99Milliseconds: wait(0.99),
            waitP999Milliseconds: wait(0.999), waitMaxMilliseconds: rounded(result.waits.longest * 1000, 10))
    }
}
