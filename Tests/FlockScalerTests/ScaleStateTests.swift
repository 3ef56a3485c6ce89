import Testing

@testable import FlockCore
@testable import FlockScaler

@Suite struct ScaleStateTests {
    private let start = ContinuousClock.now

    private func policy(min: Int = 0, max: Int = 10, scaleDownDelay: Duration = .seconds(60)) -> ScalePolicy {
        ScalePolicy(
            Settings.Scaler(
                every: TimeSpan(.seconds(2)), idleAfter: TimeSpan(.seconds(60)), target: 0.5, concurrency: 10, min: min,
                max: max, scaleDownDelay: TimeSpan(scaleDownDelay), haproxy: [], ignore: Settings.Ignore()))
    }

    private func sample(_ sessions: Int = 0, arrivals: Int = 0, complete: Bool = true, since: Duration? = nil)
        -> AppSample
    {
        AppSample(sessions: sessions, arrivals: arrivals, sinceLast: since, isComplete: complete)
    }

    private func running(_ instances: Int, deploying: Bool = false) -> ScaleState.Situation {
        ScaleState.Situation(instances: instances, isDeploying: deploying)
    }

    @Test func `requests that do not count keep no app awake, others do`() {
        var state = ScaleState(at: start)
        func decide(_ seconds: Int, since: Duration?) -> ScaleState.Decision {
            var sample = sample(arrivals: 1, since: since)
            sample.isCounted = true
            return state.decide(sample, running(1), policy(), at: start + .seconds(seconds)).decision
        }
        #expect(decide(0, since: .zero) == .keep)
        #expect(decide(30, since: .seconds(10)) == .keep)
        #expect(decide(79, since: .seconds(59)) == .keep)
        #expect(decide(80, since: .seconds(60)) == .sleep)
    }

    @Test func `an idle app sleeps after the time that is set and not before`() {
        var state = ScaleState(at: start)
        for (seconds, expected) in [(0, ScaleState.Decision.keep), (59, .keep), (60, .sleep), (61, .sleep)] {
            let decision = state.decide(sample(), running(1), policy(), at: start + .seconds(seconds)).decision
            #expect(decision == expected, "after \(seconds) s")
        }
    }

    @Test func `a request starts the time anew`() {
        var state = ScaleState(at: start)
        #expect(state.decide(sample(arrivals: 1), running(1), policy(), at: start + .seconds(50)).decision == .keep)
        #expect(state.decide(sample(), running(1), policy(), at: start + .seconds(109)).decision == .keep)
        #expect(state.decide(sample(), running(1), policy(), at: start + .seconds(110)).decision == .sleep)
    }

    @Test func `a long request keeps an app awake`() {
        var state = ScaleState(at: start)
        for minute in 0...10 {
            #expect(state.decide(sample(1), running(1), policy(), at: start + .seconds(60 * minute)).decision == .keep)
        }
    }

    @Test func `an app that must keep an instance never sleeps`() {
        var state = ScaleState(at: start)
        #expect(state.decide(sample(), running(1), policy(min: 1), at: start + .seconds(600)).decision == .keep)
    }

    @Test func `nothing is taken away while a node is silent`() {
        var state = ScaleState(at: start)
        let late = start + .seconds(600)
        #expect(state.decide(sample(complete: false), running(3), policy(), at: late).decision == .keep)
        #expect(state.decide(sample(), running(3), policy(), at: late).decision == .sleep)
    }

    @Test func `a silent node does not keep an app small`() {
        var state = ScaleState(at: start)
        #expect(state.decide(sample(20, complete: false), running(1), policy(), at: start).decision == .scale(to: 4))
    }

    @Test func `nothing is changed while a deployment runs`() {
        var state = ScaleState(at: start)
        let late = start + .seconds(600)
        #expect(state.decide(sample(), running(1, deploying: true), policy(), at: late).decision == .keep)
        #expect(state.decide(sample(50), running(1, deploying: true), policy(), at: late).decision == .keep)
    }

    @Test(arguments: [(1, 1), (5, 1), (6, 2), (10, 2), (11, 3), (50, 10), (51, 10), (5000, 10)])
    func `instances are the requests over what each is to serve, rounded up, at most max`(
        _ sessions: Int, _ instances: Int
    ) {
        var state = ScaleState(at: start)
        let decision = state.decide(sample(sessions), running(1), policy(), at: start).decision
        #expect(decision == (instances == 1 ? .keep : .scale(to: instances)))
    }

    @Test func `fewer than min are brought up`() {
        var state = ScaleState(at: start)
        #expect(state.decide(sample(), running(1), policy(min: 3), at: start).decision == .scale(to: 3))
    }

    @Test func `an app gets smaller only when the load has been low for long enough`() {
        var state = ScaleState(at: start)
        #expect(state.decide(sample(30), running(1), policy(), at: start).decision == .scale(to: 6))
        for second in stride(from: 2, through: 60, by: 2) {
            let decision = state.decide(sample(1), running(6), policy(), at: start + .seconds(second)).decision
            #expect(decision == .keep, "after \(second) s")
        }
        var fell = false
        for second in stride(from: 62, through: 80, by: 2) {
            let decision = state.decide(sample(1), running(6), policy(), at: start + .seconds(second)).decision
            if decision == .scale(to: 1) { fell = true }
        }
        #expect(fell)
    }

    @Test func `an app without instances is asleep`() {
        var state = ScaleState(at: start)
        let (decision, reason) = state.decide(sample(), running(0), policy(), at: start + .seconds(600))
        #expect(decision == .keep && reason == ScaleState.asleep)
        // Awake again, it has its whole time.
        #expect(state.decide(sample(), running(1), policy(), at: start + .seconds(602)).decision == .keep)
    }

    @Test func `after our own start HAProxy says how long nobody came`() {
        var state = ScaleState(at: start)
        #expect(state.decide(sample(since: .seconds(300)), running(1), policy(), at: start).decision == .sleep)
    }

    @Test func `a sleep that was called off waits the whole time again`() {
        var state = ScaleState(at: start)
        #expect(state.decide(sample(), running(1), policy(), at: start + .seconds(60)).decision == .sleep)
        state.wasDisturbed(at: start + .seconds(61))
        #expect(state.decide(sample(), running(1), policy(), at: start + .seconds(62)).decision == .keep)
        #expect(state.decide(sample(), running(1), policy(), at: start + .seconds(121)).decision == .sleep)
    }
}
