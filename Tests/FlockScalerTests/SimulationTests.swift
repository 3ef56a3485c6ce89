import Foundation
import Testing

@testable import FlockCore
@testable import FlockScaler

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct SimulationTests {
    private func trace(_ times: [Double], until duration: Double) -> Trace {
        Trace(app: "a", arrivals: .each(times.map { Trace.Request(at: $0) }), duration: duration)
    }

    // MARK: The model

    @Test("the same seed gives the same, another one another")
    func seeds() throws {
        let trace = Trace(app: "a", arrivals: .perMinute([300, 600, 300]), duration: 120)
        func run(_ seed: UInt64) throws -> SimulationResult {
            Simulation(trace: trace, model: .init(seed: seed)).run(try .example(), target: 0.7)
        }
        #expect(try run(1) == run(1))
        #expect(try run(1) != run(2))
    }

    @Test("arrivals are as many as the counts say, at a rate that goes in a straight line to the next minute's")
    func arrivals() {
        let trace = Trace(app: "a", arrivals: .perMinute([0, 6000, 6000, 0, 0]), duration: 240)
        var minutes = [0, 0, 0, 0]
        for request in ArrivalSequence(trace, scale: 1, seed: 3) { minutes[Int(request.at / 60)] += 1 }
        for (count, mean) in zip(minutes, [3000.0, 6000, 3000, 0]) {
            #expect(abs(Double(count) - mean) <= 5 * mean.squareRoot())
        }
        let scaled = ArrivalSequence(trace, scale: 60, seed: 3).reduce(0) { count, _ in count + 1 }
        #expect((150...250).contains(scaled))
    }

    @Test("requests of one second of a log came at any moment of it")
    func spread() throws {
        let requests = (0..<3000).map { Trace.Request(at: Double($0 / 30)) }
        let trace = Trace(app: "a", arrivals: .each(requests, resolution: 1), duration: 100)
        let times = ArrivalSequence(trace, scale: 1, seed: 1).map(\.at)
        #expect(times == times.sorted() && Set(times).count == 3000 && times.allSatisfy { $0 < 100 })
        // Thirty a second of 0.1 s are three at once, and no crowd at each full second.
        let result = Simulation(trace: trace, model: .init(service: 0.1)).run(try .example(), target: 0.7)
        #expect(result.instanceSeconds == 100 && result.waits.longest < 0.2)
    }

    @Test("a queue waits as Erlang's formula says")
    func erlang() throws {
        // 8 requests a second of 0.9 s on average at 10 places: 7.2 under way.
        let trace = Trace(app: "a", arrivals: .perMinute(Array(repeating: 480, count: 601)), duration: 36_000)
        let policy = try ScalePolicy.example { ($0.min, $0.max) = (1, 1) }
        let result = Simulation(trace: trace, model: .init()).run(policy, target: 0.7)
        var blocking = 1.0
        for place in 1...10 { blocking = 7.2 * blocking / (Double(place) + 7.2 * blocking) }
        let waiting = blocking / (1 - 0.72 * (1 - blocking))
        #expect(abs(result.waits.waitingShare / waiting - 1) < 0.1, "\(result.waits.waitingShare) \(waiting)")
        // Of those that wait, the share that waits longer than t is exp(-(10 - 7.2) t / 0.9).
        let longer = -log(0.01 / waiting) * 0.9 / 2.8
        #expect(abs(result.waits.percentile(0.99) / longer - 1) < 0.1)
        #expect(result.instanceSeconds == 36_000 && result.changes == 0)
    }

    @Test("an oracle has what each second needs")
    func oracle() throws {
        var meter = ConcurrencyMeter(perInstance: 1, seconds: 3000)
        meter.add(from: 0.5, to: 1.5)
        meter.add(from: 1, to: 3)
        meter.add(from: 2000.25, to: 2000.5)
        meter.add(from: 2999.5, to: 3100)
        meter.finish()
        // 0.5, 1.5, 1 in the first three seconds, one later, and what lies behind the end does not count.
        #expect(meter.instanceSeconds == 1 + 2 + 1 + 1 + 1)
        #expect(meter.peak == 2)
    }

    @Test("a request to a sleeping app waits for its start, and the app is awake till it is idle")
    func wake() throws {
        let trace = trace([1000, 1000.1, 5000], until: 10_000)
        let result = Simulation(trace: trace, model: .init(start: 2, service: 0.001)).run(try .example(), target: 0.7)
        #expect(result.requests == 3 && result.wakes == 2)
        #expect(abs(result.waits.longest - 2) < 1e-9 && result.waits.percentile(0.5) > 1.8)
        // It is awake at first, and each time for a minute after its last use.
        #expect((182...189).contains(result.instanceSeconds))
        // To sleep, twice there and back.
        #expect(result.changes == 5)
    }

    @Test("requests that do not count wake nothing and keep nothing awake; while it is awake they are served")
    func ignored() throws {
        let requests = stride(from: 5.0, to: 36_000, by: 10).map { Trace.Request(at: $0, isIgnored: true) }
        let trace = Trace(app: "a", arrivals: .each(requests), duration: 36_000)
        let result = Simulation(trace: trace, model: .init()).run(try .example(), target: 0.7)
        #expect(result.wakes == 0 && (6...7).contains(result.requests) && result.instanceSeconds < 65)
    }

    @Test("the calendar wakes and keeps awake")
    func schedule() throws {
        let morning = try AwakeSchedule("daily 08:00-09:00")
        let policy = try ScalePolicy.example { $0.awake = [morning] }
        let trace = trace([43_200], until: 86_400)
        let result = Simulation(trace: trace, model: .init()).run(policy, target: 0.7)
        #expect(result.wakes == 2)
        // At first, an hour, and once for a request.
        #expect((3720.0...3790.0).contains(result.instanceSeconds))
    }

    @Test("percentiles are half a percent exact")
    func histogram() {
        var histogram = WaitHistogram()
        for number in 1...10_000 { histogram.add(Double(number) / 1000) }
        for share in [0.1, 0.5, 0.99, 0.999] { #expect(abs(histogram.percentile(share) / (share * 10) - 1) < 0.006) }
        #expect(histogram.percentile(1) == 10 && histogram.waitingShare == 1)
        var other = WaitHistogram()
        for _ in 0..<90_000 { other.add(0) }
        histogram.add(other)
        #expect(histogram.percentile(0.9) == 0 && histogram.percentile(0.91) > 0.9 && histogram.count == 100_000)
    }

    // MARK: How good the decisions are

    /// The rule of Knative's pod autoscaler has 1.17, 160 ms and 341 changes on this day.
    @Test("a day of the World Cup: less than the plain rule in instances, waits and changes", arguments: [1, 2])
    func worldCup(seed: UInt64) throws {
        var options = Simulator.Options()
        (options.scale, options.seed) = (60, seed)
        let row = try Simulator(trace: example("wc98-1998-06-10.csv"), options: options)
            .compare([("defaults", try .example { $0.max = 100 })])[0]
        #expect((868_000...876_000).contains(row.requests))
        #expect(try #require(row.oracleRatio) < 1.17)
        #expect(row.waitP999Milliseconds < 160 && row.changes < 341 && row.wakes == 0)
    }

    /// 7 to 233 requests a second within 5 s, for 3 min, twice.
    private func crowd(shift: Double, seed: UInt64) -> Trace {
        var random = RandomSource(seed: seed)
        func rate(_ now: Double) -> Double {
            for begin in [300 + shift, 1000 + shift] where now >= begin && now < begin + 190 {
                return 7 + 226 * min(1, (now - begin) / 5, (begin + 190 - now) / 5)
            }
            return 7
        }
        var times: [Double] = []
        var now = random.exponential(mean: 1 / 233)
        while now < 1400 {
            if random.unit() * 233 < rate(now) { times.append(now) }
            now += random.exponential(mean: 1 / 233)
        }
        return trace(times, until: 1400)
    }

    @Test("a crowd out of nothing waits no longer than 0.8 s", arguments: 0..<5)
    func flashCrowd(number: Int) throws {
        let trace = crowd(shift: Double(number) * 0.2, seed: UInt64(number))
        let result = Simulation(trace: trace, model: .init(start: 0.06, service: 0.3)).run(try .example(), target: 0.7)
        #expect(result.waits.longest < 0.8, "\(result.waits.longest)")
    }

    private func example(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("examples/traces/\(name)").path
    }

    @Test("small sites are awake while they are visited and idleAfter longer, with a probe every five minutes or not")
    func smallSites() throws {
        let traces = try TraceReader.traces(in: example("small-sites.csv"), from: nil, to: nil, ignore: .init())
        #expect(traces.count == 3)
        for trace in traces {
            guard case .each(let visits, _) = trace.arrivals else { throw CancellationError() }
            var (needed, wakes, end) = (0.0, 0, -Double.infinity)
            for visit in visits {
                if visit.at > end { wakes += 1 }
                needed += visit.at + 60 - max(end, visit.at)
                end = visit.at + 60
            }
            let probes = stride(from: 30, to: trace.duration, by: 300).map { Trace.Request(at: $0, isIgnored: true) }
            for others in [[], probes] {
                let all = (visits + others).sorted { $0.at < $1.at }
                let probed = Trace(app: trace.app, arrivals: .each(all), duration: trace.duration)
                let result = Simulation(trace: probed, model: .init(start: 0.06, service: 0.1))
                    .run(try .example { $0.idleAfter = .seconds(60) }, target: 0.7)
                print("\(trace.app): awake \(100 * result.instanceSeconds / trace.duration) %, \(result.wakes) wakes")
                #expect(result.wakes <= wakes)
                #expect(result.instanceSeconds < 1.03 * needed)
                #expect(result.instanceSeconds < 0.05 * trace.duration)
            }
        }
    }

    // MARK: What is printed

    @Test("the keys of the JSON, and a ratio to nothing is null")
    func json() throws {
        let row = Simulator.Row(policy: "p", SimulationResult(duration: 10))
        let object = try JSONSerialization.jsonObject(with: try JSONEncoder().encode(row)) as? [String: Any]
        #expect(
            object.map { Set($0.keys) } == [
                "policy", "requests", "instance_seconds", "oracle_ratio", "fixed_ratio", "wait_p50_ms", "wait_p99_ms",
                "wait_p999_ms", "wait_max_ms", "wakes", "changes",
            ])
        #expect(object?["oracle_ratio"] is NSNull)
    }

    @Test("the plot is one SVG with a line for each policy, and what it says is escaped")
    func plot() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("<a>&\(UUID()).csv")
        try "0,a\n10,a\n3000,a\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        var drawn = ""
        let policies = [("one", try ScalePolicy.example()), ("two \"x\"", try .example { $0.min = 1 })]
        _ = try Simulator(trace: file.path).compare(policies) { drawn = $0 }
        let document = try XMLDocument(xmlString: drawn)
        #expect(document.rootElement()?.name == "svg")
        #expect(drawn.components(separatedBy: "<polyline").count - 1 == 1 + 2 + 2)
        #expect(drawn.contains("two &quot;x&quot;") && drawn.contains("&lt;a>&amp;"))
        #expect(!drawn.contains("nan"))
    }

    // MARK: Fleets

    @Test("a fleet is the sum of its apps, whatever the order in which they end")
    func fleet() async throws {
        var distribution = FleetDistribution()
        (distribution.apps, distribution.days) = (20, 2)
        let policy = try ScalePolicy.example { $0.every = .seconds(5) }
        let simulator = FleetSimulator(distribution, options: .init())
        let row = await simulator.run(policy, named: "p")
        #expect(row == (await simulator.run(policy, named: "p")))
        var sum = SimulationResult(duration: 0)
        for app in 0..<20 {
            let trace = distribution.trace(of: app, seed: 1)
            sum.add(
                Simulation(trace: trace, model: .init(seed: 1 + UInt64(app), beginsAwake: false))
                    .run(policy, target: 0.7))
        }
        #expect(row.requests == sum.requests && row.wakes == sum.wakes)
        #expect(abs(row.instanceSeconds - sum.instanceSeconds) < 1)
        #expect(row.instancesMax <= 20 && row.instancesMean <= row.instancesP99)
    }

    @Test("its apps are as often visited as was said, by day more than by night")
    func distribution() {
        var distribution = FleetDistribution()
        (distribution.days, distribution.spread, distribution.visitsPerHour) = (70, 0, 5)
        guard case .each(let requests, _) = distribution.trace(of: 1, seed: 1).arrivals else { return }
        // Ten weeks of five whole days and two half ones, eight requests a visit.
        let mean = 5.0 * 24 * 60 * 8
        #expect(abs(Double(requests.count) / mean - 1) < 0.05)
        let night = requests.count { (0..<6).contains(Int($0.at / 3600) % 24) }
        #expect(night * 5 < requests.count)
    }
}
