import Testing

@testable import FlockCore
@testable import FlockScaler

@Suite struct ScaleStateTests {
    // MARK: Sleeping

    @Test("an idle app sleeps after the time that is set, and not before")
    func idle() throws {
        var app = WatchedApp(try .example())
        app.look(.load(1))
        for second in 1..<60 { #expect(app.look().action == .keep, "after \(second) s") }
        let verdict = app.look()
        #expect(verdict.action == .sleep && verdict.rule == .idle && verdict.wanted == 0 && verdict.idle == 60)
    }

    @Test("a request starts the time anew; a long one keeps its app awake till it ends")
    func use() throws {
        var app = WatchedApp(try .example())
        app.look(50, AppSample())
        app.look(.load(1))
        app.look(59, AppSample())
        #expect(app.instances == 1)
        for _ in 0..<600 { #expect(app.look(AppSample(inFlight: 1)).action == .keep) }
        app.look(59, AppSample())
        #expect(app.instances == 1)
        #expect(app.look().action == .sleep)
    }

    @Test("requests that do not count keep no app awake, though they are work")
    func probes() throws {
        var app = WatchedApp(try .example())
        for second in 0..<59 {
            app.look(AppSample(arrivals: 1, sinceLast: Double(second), isCounted: true))
        }
        #expect(app.instances == 1)
        // One that is under way is let to its end.
        #expect(app.look(AppSample(inFlight: 1, arrivals: 1, sinceLast: 60, isCounted: true)).action == .keep)
        #expect(app.look(AppSample(arrivals: 1, sinceLast: 61, isCounted: true)).action == .sleep)
    }

    @Test("an app of the minimum, of the calendar, or younger than minAwake does not sleep")
    func staysAwake() throws {
        var app = WatchedApp(try .example { $0.min = 1 })
        app.look(600, AppSample())
        #expect(app.instances == 1)

        app = WatchedApp(try .example())
        app.isKeptAwake = true
        app.look(600, AppSample())
        #expect(app.look().rule == .schedule && app.instances == 1)
        app.isKeptAwake = false
        #expect(app.look().action == .sleep)

        // One is kept awake, not all that a load left behind.
        app = WatchedApp(try .example())
        app.isKeptAwake = true
        app.look(70, .load(40))
        #expect(app.instances == 6)
        app.look(300, AppSample())
        #expect(app.instances == 1 && app.look().rule == .schedule)

        app = WatchedApp(try .example { $0.minAwake = .seconds(300) })
        app.look(299, AppSample())
        #expect(app.look().rule == .minAwake)
        #expect(app.look().action == .sleep)
    }

    @Test("one that sleeps is woken by the calendar, and else by nobody here")
    func wakes() throws {
        var app = WatchedApp(try .example { $0.wake = 2 }, instances: 0)
        #expect(app.look().rule == .asleep && app.instances == 0)
        app.isKeptAwake = true
        app.isDeploying = true
        #expect(app.look().action == .keep)
        app.isDeploying = false
        #expect(app.look().action == .wake(2))
        // Its time begins when it wakes.
        app.isKeptAwake = false
        app.look(59, AppSample())
        #expect(app.instances == 1)
        #expect(app.look().action == .sleep)
    }

    @Test("after our own start HAProxy says how long nobody came")
    func restart() throws {
        var app = WatchedApp(try .example())
        #expect(app.look(AppSample(sinceLast: 300)).action == .sleep)
        app = WatchedApp(try .example())
        #expect(app.look(AppSample(inFlight: 1, sinceLast: 300)).action == .keep)
        app = WatchedApp(try .example())
        // HAProxy was started anew: nobody knows.
        #expect(app.look(AppSample()).action == .keep)
    }

    @Test("a sleep that was called off waits the whole time again")
    func disturbed() throws {
        var app = WatchedApp(try .example())
        app.isObeyed = false
        app.look(60, AppSample())
        #expect(app.look().action == .sleep)
        app.state.wasDisturbed(at: app.now)
        for _ in 0..<59 { #expect(app.look().action == .keep) }
        #expect(app.look().action == .sleep)
    }

    // MARK: How many

    @Test(
        "a load gets the instances that its mean and its swings need",
        arguments: [(1, 1), (5, 1), (6, 2), (12, 2), (13, 3), (20, 3), (25, 4), (40, 6), (70, 9), (200, 24)])
    func staffing(concurrency: Int, instances: Int) throws {
        var app = WatchedApp(try .example { $0.max = 100 })
        app.look(70, .load(concurrency))
        #expect(app.instances == instances)
    }

    @Test("where 25 requests are under way the target is the share that is used; without one there is no room")
    func target() throws {
        for target in [0.3, 0.5, 0.7, 0.9] {
            let staffing = Staffing(try .example { ($0.target, $0.concurrency) = (target, 1) })
            let places = staffing.instances(for: .init(concurrency: 25))
            #expect(places == Int((25 / target).rounded(.up)))
        }
        let full = Staffing(try .example { $0.target = 1 })
        #expect(full.instances(for: .init(concurrency: 100)) == 10)
        #expect(full.instances(for: .init(concurrency: 100.1)) == 11)
        #expect(full.instances(for: .init()) == 0)
    }

    @Test("of concurrency and requests a second, what needs more instances holds")
    func rate() throws {
        let staffing = Staffing(try .example { $0.requestsPerSecond = 50 })
        #expect(staffing.instances(for: .init(concurrency: 1, rate: 200)) == 4)
        #expect(staffing.instances(for: .init(concurrency: 70, rate: 200)) == 9)
        var app = WatchedApp(try .example { $0.requestsPerSecond = 50 })
        app.look(70, AppSample(inFlight: 1, arrivals: 200, work: 1))
        #expect(app.instances == 4)
    }

    @Test("a sudden load is followed at the first look, and nothing is taken away in it")
    func burst() throws {
        var app = WatchedApp(try .example())
        app.look(70, .load(2))
        // Of sixty at one look, some may be there by chance.
        let verdict = app.look(.load(60))
        #expect(verdict.action == .scale(to: 5) && verdict.rule == .burst)
        app.look(10, .load(60))
        #expect(app.instances == 7)
        app.look(59, .load(1))
        #expect(app.instances == 7)
        app.look(200, .load(1))
        #expect(app.instances == 1)
    }

    @Test("one step gives at most maxUp times what is ready, and leaves at least what there is / maxDown")
    func steps() throws {
        var app = WatchedApp(try .example { ($0.max, $0.maxUp) = (1000, 3) })
        #expect(app.look(.load(2000)).rule == .maxUp && app.instances == 3)
        app.look(.load(2000))
        #expect(app.instances == 9)

        app = WatchedApp(try .example { ($0.scaleDownDelay, $0.max) = (.zero, 100) })
        app.look(70, .load(200))
        #expect(app.instances == 24)
        app.look(61, .load(1))
        var steps: [Int] = []
        for _ in 0..<120 where app.instances != steps.last {
            steps.append(app.instances)
            app.look(60, .load(1))
        }
        for (more, less) in zip(steps, steps.dropFirst()) { #expect(less >= more / 2) }
        #expect(steps.last == 1)
    }

    @Test("fewer than min are brought up, and never more than max")
    func bounds() throws {
        var app = WatchedApp(try .example { $0.min = 3 })
        #expect(app.look().action == .scale(to: 3))
        app = WatchedApp(try .example { $0.max = 4 })
        app.look(70, .load(500))
        #expect(app.instances == 4 && app.look(.load(500)).rule == .max)
    }

    @Test("what could not be taken away is tried again after the delay")
    func kept() throws {
        let policy = try ScalePolicy.example { $0.scaleDownDelay = .seconds(10) }
        var app = WatchedApp(policy, instances: 2)
        app.isObeyed = false
        app.look(200, .load(1))
        #expect(app.look(.load(1)).action == .scale(to: 1))
        app.state.wasKept(2, app.rules, at: app.now)
        for _ in 0..<10 {
            let verdict = app.look(.load(1))
            #expect(verdict.action == .keep && verdict.rule == .delay)
        }
        #expect(app.look(.load(1)).action == .scale(to: 1))
    }

    @Test("instances go when fewer were enough for the delay")
    func delay() throws {
        var app = WatchedApp(try .example { $0.scaleDownDelay = .seconds(120) })
        app.look(70, .load(40))
        #expect(app.instances == 6)
        // Sixty seconds till the window has forgotten, then the delay.
        app.look(120, .load(1))
        #expect(app.instances == 6)
        app.look(180, .load(1))
        #expect(app.instances == 1)
    }

    @Test("what a scaler finds when it begins to watch, or after it was blind, stays for one window")
    func floor() throws {
        var app = WatchedApp(try .example { $0.scaleDownDelay = .zero }, instances: 5)
        app.look(59, .load(1))
        #expect(app.instances == 5 && app.look(.load(1)).rule == .floor)
        app.look(60, .load(1))
        #expect(app.instances < 5)

        app = WatchedApp(try .example { $0.scaleDownDelay = .zero })
        app.look(100, .load(40))
        #expect(app.instances == 6)
        app.look(.load(1), after: 600)
        app.look(58, .load(1))
        #expect(app.instances == 6)
    }

    @Test("an app that was deployed or woken under our eyes has no such floor")
    func noFloor() throws {
        var app = WatchedApp(try .example { $0.scaleDownDelay = .zero }, instances: 0)
        app.look()
        app.instances = 4
        app.look(.load(1))
        #expect(app.instances == 2)
    }

    // MARK: What is not known

    @Test("nothing is taken away while a node is silent, more is given")
    func stale() throws {
        var app = WatchedApp(try .example { $0.scaleDownDelay = .zero }, instances: 3)
        app.look(200, AppSample(isComplete: false))
        #expect(app.instances == 3 && app.look(AppSample(isComplete: false)).rule == .staleNode)
        var sample = AppSample.load(60)
        sample.isComplete = false
        app.look(70, sample)
        #expect(app.instances == 8)
    }

    @Test("all silent: everything stays, however long")
    func silent() throws {
        var app = WatchedApp(try .example(), instances: 3)
        for _ in 0..<600 { #expect(app.look(AppSample(isComplete: false, isSilent: true)).rule == .silent) }
        #expect(app.instances == 3)
        // The first look that says something does not decide alone.
        for _ in 0..<59 {
            app.look(.load(1))
            #expect(app.instances == 3)
        }
        app.look(120, .load(1))
        #expect(app.instances == 1)

        // Nor does a time without answers use up the window after a start.
        app = WatchedApp(try .example { $0.scaleDownDelay = .zero }, instances: 3)
        app.look(90, AppSample(isComplete: false, isSilent: true))
        app.look(50, .load(1))
        #expect(app.instances == 3)
    }

    @Test("nothing is done while a deployment of the app runs")
    func deploying() throws {
        var app = WatchedApp(try .example())
        app.isDeploying = true
        app.look(200, .load(50))
        #expect(app.instances == 1 && app.look(.load(50)).rule == .deploying)
        app.isDeploying = false
        #expect(app.look(.load(50)).action == .scale(to: 7))
    }

    @Test("an app is not idle while it is deployed, however long that takes")
    func slowDeployment() throws {
        var app = WatchedApp(try .example())
        let idleAfter = Int(app.rules.idleAfter)
        app.isDeploying = true
        app.look(2 * idleAfter, .load(0))
        app.isDeploying = false
        app.look(idleAfter - 1, .load(0))
        #expect(app.instances == 1)
        app.look(.load(0))
        #expect(app.instances == 0)
    }
}
