import FlockCore
import Foundation

/// Replays a trace through ``ScaleState``: the same decisions as live, from what HAProxy would have said.
struct Simulation: Sendable {
    /// What an instance can do.
    struct Model: Sendable, Hashable {
        /// From the decision until it serves, in seconds.
        var start = 2.0
        /// How long it serves a request on average, in seconds; exponentially distributed.
        var service = 0.9
        /// Requests that it serves at once.
        var slots = 10
        var scale = 1.0
        var seed: UInt64 = 1
        /// Else it sleeps at first.
        var beginsAwake = true
    }

    let trace: Trace
    let model: Model

    /// - Parameter target: the share of the slots that the oracle aims at.
    ///   - series: is told what happens, for a plot.
    func run(_ policy: ScalePolicy, target: Double, series: SimulationSeries? = nil) -> SimulationResult {
        var run = Run(trace, model, policy, target: target, series)
        return run.finish()
    }
}

/// One run, event by event.
private struct Run {
    private let trace: Trace
    private let model: Simulation.Model
    private let policy: ScalePolicy
    private let rules: ScaleRules
    private let series: SimulationSeries?
    private var arrivals: ArrivalSequence
    private var services: RandomSource
    private var pool: InstancePool
    private var state = ScaleState()
    private var meter: ConcurrencyMeter
    private var result: SimulationResult

    private var last = 0.0
    private var polls = 0
    /// Since the last look.
    private var arrived = 0
    private var used = 0.0

    init(
        _ trace: Trace, _ model: Simulation.Model, _ policy: ScalePolicy, target: Double,
        _ series: SimulationSeries?
    ) {
        self.trace = trace
        self.model = model
        self.policy = policy
        self.series = series
        rules = ScaleRules(policy)
        arrivals = ArrivalSequence(trace, scale: model.scale, seed: model.seed)
        services = RandomSource(seed: model.seed, stream: 2)
        pool = InstancePool(
            slots: model.slots, instances: max(model.beginsAwake ? 1 : 0, policy.min),
            served: series.map { series in { series.waited($0, at: $1) } })
        meter = ConcurrencyMeter(
            perInstance: target * Double(model.slots), seconds: Int(trace.duration.rounded(.up)))
        result = SimulationResult(duration: trace.duration)
    }

    mutating func finish() -> SimulationResult {
        var arrival = arrivals.next()
        while true {
            let own = pool.next
            let look = lookTime
            let next = min(arrival?.at ?? .infinity, own, look)
            // What was asked for is answered, after the end of the trace too.
            guard next < trace.duration || (next < .infinity && pool.inFlight > 0) else { break }
            pass(to: next)
            if own == next {
                pool.advance(to: next)
            } else if let request = arrival, request.at == next {
                take(request)
                arrival = arrivals.next()
            } else {
                polls += 1
                decide(at: next)
            }
        }
        pass(to: trace.duration)
        meter.finish()
        result.oracleInstanceSeconds = meter.instanceSeconds
        result.oraclePeak = meter.peak
        result.waits = pool.waits
        return result
    }

    /// An app that sleeps is looked at when it is asked for, or once a minute where the calendar may wake it.
    private var lookTime: Double {
        if pool.instances > 0 { return Double(polls + 1) * rules.every }
        return policy.awake.isEmpty ? .infinity : (last / 60 + 1).rounded(.down) * 60
    }

    private mutating func pass(to now: Double) {
        let until = min(now, trace.duration)
        if until > last {
            result.instanceSeconds += Double(pool.instances) * (until - last)
            series?.ran(pool.instances, from: last, to: until)
            last = until
        }
    }

    private mutating func take(_ request: Trace.Request) {
        if request.isIgnored && pool.instances == 0 { return }
        let service = services.exponential(mean: model.service)
        meter.add(from: request.at, to: request.at + service)
        series?.arrived(at: request.at)
        if pool.instances == 0 { wake(policy.wake, at: request.at) }
        if !request.isIgnored { used = request.at }
        arrived += 1
        result.requests += 1
        pool.arrive(.init(arrived: request.at, service: service, isUse: !request.isIgnored))
    }

    private mutating func wake(_ instances: Int, at now: Double) {
        result.wakes += 1
        // The looks go on by the clock from here.
        polls = Int(now / rules.every)
        scale(to: instances, at: now)
        _ = state.decide(AppSample(), .init(instances: 0, ready: 0), rules, at: now)
    }

    private mutating func scale(to instances: Int, at now: Double) {
        pool.scale(to: instances, at: now, start: model.start)
        result.changes += 1
    }

    private mutating func decide(at now: Double) {
        let keep = policy.awake.isEmpty ? false : isScheduled(at: now)
        var sample = AppSample()
        sample.inFlight = pool.inFlight
        sample.arrivals = arrived
        // As HAProxy tells it: in whole milliseconds.
        sample.work = Double(arrived) * (pool.meanTotal * 1000).rounded(.down) / 1000
        sample.isCounted = true
        sample.sinceLast = pool.inUse > 0 ? 0 : now - used
        arrived = 0
        let situation = ScaleState.Situation(
            instances: pool.instances, ready: pool.ready, isKeptAwake: keep || policy.min > 0)
        switch state.decide(sample, situation, rules, at: now).action {
        case .keep: break
        case .scale(let instances): scale(to: instances, at: now)
        case .wake(let instances): wake(instances, at: now)
        case .sleep: scale(to: 0, at: now)
        }
    }

    private func isScheduled(at now: Double) -> Bool {
        let date = (trace.start ?? Date(timeIntervalSince1970: 0)).addingTimeInterval(now)
        return policy.isAwake(at: date)
    }
}
