import HAProxy
import Testing

@testable import FlockCore
@testable import FlockScaler

/// What holds for every load, tried on made-up ones. Each case is a seed.
@Suite struct ScaleStatePropertyTests {
    static let seeds: [UInt64] = Array(1...40)

    /// A policy and loads that have nothing to do with any example.
    private struct World {
        var random: RandomSource
        let policy: ScalePolicy

        init(_ seed: UInt64) throws {
            var random = RandomSource(seed: seed)
            func pick<Value>(_ values: [Value]) -> Value { values[Int(random.next() % UInt64(values.count))] }
            policy = try .example { policy in
                policy.min = pick([0, 0, 1, 2])
                policy.max = pick([2, 5, 10, 100])
                policy.target = pick([0.3, 0.5, 0.7, 0.9, 1])
                policy.concurrency = pick([1, 2, 10, 80])
                policy.requestsPerSecond = pick([nil, 5, 100])
                policy.every = pick([.seconds(1), .seconds(2), .seconds(5)])
                policy.scaleDownDelay = pick([.zero, .seconds(30), .seconds(60), .seconds(300)])
                policy.idleAfter = pick([.seconds(10), .seconds(60)])
                policy.burstFactor = pick([1.5, 2, 10])
            }
            self.random = random
        }

        var every: Double { policy.every / .seconds(1) }

        /// A load that wanders, with jumps and silence.
        mutating func loads(_ count: Int) -> [Int] {
            var level = 0.0
            return (0..<count).map { _ in
                switch random.next() % 40 {
                case 0: level = 0
                case 1: level = random.unit() * 200
                default: level = max(0, level * (0.8 + 0.4 * random.unit()))
                }
                return Int(level)
            }
        }
    }

    /// - Returns: instances after each look.
    private func run(_ world: World, _ loads: [Int], scaledBy factor: Double = 1) -> [Int] {
        var app = WatchedApp(world.policy)
        for load in loads {
            if app.instances == 0, load > 0 { app.instances = world.policy.wake }
            app.look(.load(Int(Double(load) * factor), seconds: world.every), after: world.every)
        }
        return app.history
    }

    @Test("within bounds: never below min, never above max, never below one but to sleep", arguments: seeds)
    func bounds(seed: UInt64) throws {
        var world = try World(seed)
        let loads = world.loads(600)
        for count in run(world, loads).dropFirst(2) {
            #expect(count <= world.policy.max)
            #expect(count >= world.policy.min)
        }
    }

    @Test("more load never gets fewer instances", arguments: seeds)
    func monotone(seed: UInt64) throws {
        var world = try World(seed)
        // Always some, so that neither sleeps while the other does not.
        let loads = world.loads(600).map { $0 + 1 }
        let (less, more) = (run(world, loads), run(world, loads, scaledBy: 1.3))
        for (look, pair) in zip(less, more).enumerated() {
            #expect(pair.0 <= pair.1, "at look \(look)")
        }
    }

    @Test("a constant load does not flap: it is changed for no longer than a window and a delay", arguments: seeds)
    func constant(seed: UInt64) throws {
        var world = try World(seed)
        let load = Int(world.random.unit() * 150) + 1
        let history = run(world, Array(repeating: load, count: 900))
        let settled = Int((world.policy.window + world.policy.scaleDownDelay) / world.policy.every) + 5
        #expect(Set(history[settled...]).count == 1)
    }

    @Test("a load that only swings around a mean is changed rarely", arguments: seeds)
    func swings(seed: UInt64) throws {
        var world = try World(seed)
        let mean = world.random.unit() * 60 + 5
        var history: [Int] = []
        var app = WatchedApp(try .example { $0.max = 100 })
        for _ in 0..<3600 {
            let load = max(0, Int((mean + mean.squareRoot() * world.random.normal()).rounded()))
            app.look(.load(load))
            history.append(app.instances)
        }
        let changes = zip(history, history.dropFirst()).count { $0 != $1 }
        #expect(changes <= 40, "\(changes) changes in an hour")
        #expect(Set(history.dropFirst(180)).count <= 3)
    }

    @Test("a lost look changes nothing that lasts", arguments: seeds)
    func lostLook(seed: UInt64) throws {
        var world = try World(seed)
        let load = Int(world.random.unit() * 100) + 1
        var (whole, gapped) = (WatchedApp(world.policy), WatchedApp(world.policy))
        for look in 0..<600 {
            whole.look(.load(load, seconds: world.every), after: world.every)
            // Every seventh look is lost; the next one has what came in two.
            if look % 7 == 6 { continue }
            let looks = look > 0 && look % 7 == 0 ? 2.0 : 1
            gapped.look(.load(load, seconds: world.every * looks), after: world.every * looks)
        }
        #expect(whole.instances == gapped.instances)
    }

    @Test("the same looks at another time of the clock are decided alike", arguments: seeds)
    func clock(seed: UInt64) throws {
        var world = try World(seed)
        let loads = world.loads(300)
        func history(from start: Double) -> [Int] {
            var app = WatchedApp(world.policy, at: start)
            for load in loads { app.look(.load(load, seconds: world.every), after: world.every) }
            return app.history
        }
        #expect(history(from: 0) == history(from: 1e7))
    }

    @Test("a clock that stands, goes back or leaps does not make an app smaller at once", arguments: seeds)
    func leaps(seed: UInt64) throws {
        var world = try World(seed)
        for leap in [0.0, -1, -3600, 3600, 86_400] {
            var app = WatchedApp(world.policy)
            let load = Int(world.random.unit() * 100) + 20
            for _ in 0..<200 { app.look(.load(load, seconds: world.every), after: world.every) }
            let before = app.instances
            app.look(.load(load, seconds: world.every), after: leap)
            for _ in 0..<10 { app.look(.load(load, seconds: world.every), after: world.every) }
            #expect(app.instances >= before, "leap of \(leap) s")
        }
    }

    // MARK: Over the reader of statistics

    /// The app's counters on some nodes, as HAProxy would show them.
    private struct Nodes {
        var totals: [String: Int]

        init(_ names: [String]) {
            totals = Dictionary(uniqueKeysWithValues: names.map { ($0, 0) })
        }

        /// - Parameter reloading: what came to it before is counted by nobody, and what is under way by its stick table
        ///   only.
        mutating func rows(_ load: Int, reloading: String? = nil, silent: String? = nil) -> [String: [StatsRow]?] {
            var rows: [String: [StatsRow]?] = [:]
            for node in totals.keys.sorted() {
                if node == reloading { totals[node] = 0 }
                totals[node, default: 0] += load
                rows[node] =
                    node == silent
                    ? .some(nil)
                    : [
                        StatsRow(
                            proxy: "app_a", server: "BACKEND", kind: .backend,
                            currentSessions: node == reloading ? 0 : load,
                            totalSessions: totals[node] ?? 0, responseTime: .seconds(1))
                    ]
            }
            return rows
        }
    }

    /// - Parameter load: of each node, as its stick table has it.
    private func read(_ looks: [[String: [StatsRow]?]], _ policy: ScalePolicy, load: Int? = nil) -> [Int] {
        var reader = SampleReader()
        var app = WatchedApp(policy)
        for nodes in looks {
            let use = load.map { [AppUsage(app: "/a", inFlight: $0, idleMilliseconds: 0)] }
            let usage: [String: [AppUsage]?] = use.map { use in nodes.mapValues { _ in use } } ?? [:]
            app.look(reader.read(nodes, usage: usage, apps: ["app_a": "/a"])["/a"] ?? AppSample())
        }
        return app.history
    }

    @Test("the order and the names of nodes do not matter", arguments: seeds.prefix(10))
    func nodeOrder(seed: UInt64) throws {
        var world = try World(seed)
        let loads = world.loads(300)
        func history(_ names: [String]) -> [Int] {
            var nodes = Nodes(names)
            return read(loads.map { nodes.rows($0 / names.count) }, world.policy)
        }
        #expect(history(["a", "b", "c"]) == history(["z", "y", "x"]))
    }

    @Test("a reload of HAProxy at any look changes nothing", arguments: 0..<30)
    func reload(at look: Int) throws {
        let policy = try ScalePolicy.example { $0.scaleDownDelay = .zero }
        let loads = Array(repeating: 30, count: 100)
        var (calm, reloaded) = (Nodes(["a", "b"]), Nodes(["a", "b"]))
        let one = read(loads.map { calm.rows($0) }, policy, load: 30)
        let other = read(
            loads.enumerated().map { reloaded.rows($1, reloading: $0 == 60 + look ? "a" : nil) }, policy, load: 30)
        #expect(one == other)
    }

    @Test("a poll of a node that is lost, at any look, takes nothing away and adds nothing", arguments: 0..<30)
    func lostPoll(at look: Int) throws {
        let policy = try ScalePolicy.example { $0.scaleDownDelay = .zero }
        let loads = Array(repeating: 30, count: 130)
        var (calm, gapped) = (Nodes(["a", "b"]), Nodes(["a", "b"]))
        let one = read(loads.map { calm.rows($0) }, policy)
        let other = read(
            loads.enumerated().map { gapped.rows($1, silent: (60 + look..<63 + look).contains($0) ? "b" : nil) }, policy
        )
        #expect(one == other)
    }
}
