import Marathon
import Testing

@testable import FlockEngine

@Suite struct DeploymentTests {
    private func at(_ seconds: Double) -> Moment { EngineExamples.moment(seconds) }

    private func definition(_ id: String, instances: Int = 1, needs: [String] = [], cmd: String = "sleep 60")
        -> AppDefinition
    {
        var definition = EngineExamples.definition(instances, cmd: cmd)
        definition.id = id
        definition.dependencies = needs
        return definition
    }

    /// Reports every task that was launched as running, in rounds, and tells the apps of each round.
    private func bringUp(_ scheduler: inout Scheduler) -> [[String]] {
        var rounds: [[String]] = []
        while true {
            let launched = scheduler.takeEffects().flatMap(\.launched)
            if launched.isEmpty { return rounds }
            rounds.append(launched.map(\.appID).sorted())
            for task in launched { scheduler.report(task.taskID, .running, at: at(1)) }
        }
    }

    @Test func `what others depend on is up first`() throws {
        var scheduler = Scheduler.offered()
        var change = TreeChange()
        change.apps = [
            "/g/web": definition("/g/web", needs: ["/g/db", "/lib"]), "/g/db": definition("/g/db"),
            "/lib/a": definition("/lib/a", needs: ["/g/db"]),
        ]
        change.groups = ["/g": [], "/lib": []]
        _ = try scheduler.deploy(change, force: false, at: at(0))
        #expect(bringUp(&scheduler) == [["/g/db"], ["/lib/a"], ["/g/web"]])
        #expect(scheduler.deployments.isEmpty)
    }

    @Test func `a plan stops, starts, and then scales or restarts`() throws {
        var scheduler = Scheduler.offered()
        for id in ["/gone", "/same", "/more", "/other", "/zero"] {
            try scheduler.put(definition(id), to: id, at: at(0))
        }
        _ = bringUp(&scheduler)
        var change = TreeChange()
        change.apps = [
            "/gone": AppDefinition?.none, "/same": definition("/same"), "/more": definition("/more", instances: 2),
            "/other": definition("/other", cmd: "sleep 1"), "/new": definition("/new"),
            "/zero": definition("/zero", instances: 0, cmd: "sleep 2"),
        ]
        let steps = scheduler.plan(change).steps.map { $0.map { "\($0.kind.rawValue) \($0.app)" } }
        #expect(
            steps == [
                ["StopApplication /gone"], ["StartApplication /new"],
                [
                    "ScaleApplication /more", "ScaleApplication /new", "RestartApplication /other",
                    "ScaleApplication /zero",
                ],
            ])
    }

    @Test func `before its turn an app stays what it was`() throws {
        var scheduler = Scheduler.offered()
        try scheduler.put(definition("/db", cmd: "sleep 1"), to: "/db", at: at(0))
        try scheduler.put(definition("/web", needs: ["/db"]), to: "/web", at: at(0))
        _ = bringUp(&scheduler)
        var change = TreeChange()
        change.apps = [
            "/db": definition("/db", cmd: "sleep 2"), "/web": definition("/web", needs: ["/db"], cmd: "sleep 3"),
        ]
        _ = try scheduler.deploy(change, force: false, at: at(2))
        let first = scheduler.takeEffects().flatMap(\.launched)
        #expect(first.map(\.appID) == ["/db"])
        // A task of the one that waits ends: it is replaced by what it was.
        let web = try #require(scheduler.tasks(of: "/web").first)
        scheduler.report(web.id, .lost, at: at(3))
        let again = scheduler.takeEffects().flatMap(\.launched)
        #expect(again.map(\.appID) == ["/web"] && again.first?.definition.cmd == "sleep 60")
    }

    @Test func `cancelling goes back, by a deployment of its own`() throws {
        var scheduler = Scheduler.offered()
        try scheduler.put(definition("/a"), to: "/a", at: at(0))
        _ = bringUp(&scheduler)
        let change = try scheduler.put(definition("/a", cmd: "sleep 1"), to: "/a", at: at(2))
        let back = try scheduler.revert(change.deploymentId, at: at(3))
        #expect(scheduler.apps["/a"]?.definition.cmd == "sleep 60")
        #expect(back.version > change.version && scheduler.deployments.keys.contains(back.deploymentId))
        #expect(!scheduler.deployments.keys.contains(change.deploymentId))
        #expect(throws: EngineError.self) { try scheduler.revert(change.deploymentId, at: at(4)) }
    }

    @Test func `cancelling what made an app takes the app away`() throws {
        var scheduler = Scheduler.offered()
        let made = try scheduler.put(definition("/a"), to: "/a", at: at(0))
        let tasks = scheduler.takeEffects().flatMap(\.launched)
        _ = try scheduler.revert(made.deploymentId, at: at(1))
        #expect(scheduler.takeEffects().compactMap(\.killed) == tasks.map(\.taskID))
        scheduler.report(tasks[0].taskID, .killed, at: at(2))
        #expect(scheduler.apps.isEmpty && scheduler.deployments.isEmpty)
    }

    @Test func `cancelling by force leaves everything where it is`() throws {
        var scheduler = Scheduler.offered()
        try scheduler.put(definition("/a"), to: "/a", at: at(0))
        _ = bringUp(&scheduler)
        let change = try scheduler.put(definition("/a", cmd: "sleep 1"), to: "/a", at: at(2))
        let new = scheduler.takeEffects().flatMap(\.launched)
        scheduler.cancel(change.deploymentId, at: at(3))
        #expect(scheduler.apps["/a"]?.definition.cmd == "sleep 1" && scheduler.deployments.isEmpty)
        // One too many is ended: the one that does not serve yet.
        #expect(scheduler.takeEffects().compactMap(\.killed) == new.map(\.taskID))
    }

    @Test func `a restart replaces tasks though nothing changed`() throws {
        var scheduler = Scheduler.offered()
        try scheduler.put(definition("/a"), to: "/a", at: at(0))
        _ = bringUp(&scheduler)
        let before = try #require(scheduler.tasks(of: "/a").first)
        _ = try scheduler.restart("/a", force: false, at: at(2))
        let new = scheduler.takeEffects().flatMap(\.launched)
        #expect(new.count == 1)
        scheduler.report(new[0].taskID, .running, at: at(3))
        #expect(scheduler.takeEffects().compactMap(\.killed) == [before.id])
        scheduler.report(before.id, .killed, at: at(4))
        #expect(scheduler.deployments.isEmpty)
    }

    @Test func `a task is ended and replaced, or ended for good`() throws {
        var scheduler = Scheduler.offered()
        try scheduler.put(definition("/a", instances: 3), to: "/a", at: at(0))
        _ = bringUp(&scheduler)
        let ids = scheduler.tasks(of: "/a").map(\.id)
        scheduler.kill([ids[0]], at: at(2))
        var effects = scheduler.takeEffects()
        #expect(effects.compactMap(\.killed) == [ids[0]] && effects.flatMap(\.launched).count == 1)
        _ = try scheduler.killAndScale([ids[1]], force: false, at: at(3))
        effects = scheduler.takeEffects()
        #expect(effects.compactMap(\.killed) == [ids[1]] && effects.flatMap(\.launched).isEmpty)
        #expect(scheduler.apps["/a"]?.instances == 2)
    }

    @Test func `a refused request has changed nothing`() throws {
        var scheduler = Scheduler.offered()
        try scheduler.put(definition("/a", instances: 2), to: "/a", at: at(0))
        _ = scheduler.takeEffects()
        _ = scheduler.takeChanges()
        let ids = scheduler.tasks(of: "/a").map(\.id)
        let (tasks, apps) = (scheduler.tasks, scheduler.apps)
        #expect(throws: EngineError.self) { try scheduler.killAndScale(ids, force: false, at: at(1)) }
        #expect(scheduler.tasks == tasks && scheduler.apps == apps)
        #expect(scheduler.takeEffects().isEmpty && scheduler.takeChanges().isEmpty)
    }

    @Test func `no more than a hundred deployments run`() throws {
        var scheduler = Scheduler()
        for number in 0..<Scheduler.maxDeployments {
            try scheduler.put(definition("/a\(number)"), to: "/a\(number)", at: at(0))
        }
        let error = #expect(throws: EngineError.self) { try scheduler.put(definition("/b"), to: "/b", at: at(1)) }
        #expect(error?.code == .busy)
    }

    @Test func `thousands of steps with nothing to launch are over at once`() throws {
        var scheduler = Scheduler()
        var change = TreeChange()
        for number in 0..<3000 {
            change.apps["/a\(number)"] = definition(
                "/a\(number)", instances: 0, needs: number == 0 ? [] : ["/a\(number - 1)"])
        }
        _ = try scheduler.deploy(change, force: false, at: at(0))
        #expect(scheduler.deployments.isEmpty)
        #expect(scheduler.apps.count == 3000)
    }

    @Test func `versions go on after a clock was set back by years`() throws {
        var scheduler = Scheduler()
        let first = try scheduler.put(definition("/a"), to: "/a", at: at(0)).version
        let second = try scheduler.put(definition("/b"), to: "/b", at: at(-1e9)).version
        #expect(second > first)
        #expect(second.prefix(19) == first.prefix(19))
    }

    @Test func `what is launched and killed in one decision is launched first`() throws {
        var scheduler = Scheduler.offered()
        var change = TreeChange()
        change.apps = ["/g/a": definition("/g/a"), "/g/b": definition("/g/b", needs: ["/g/a"])]
        let made = try scheduler.deploy(change, force: false, at: at(0))
        _ = scheduler.takeEffects()
        // b waits for a; cancelling lets it start, and the way back ends it.
        _ = try scheduler.revert(made.deploymentId, at: at(1))
        let effects = scheduler.takeEffects()
        let launched = effects.firstIndex { $0.launched.contains { $0.appID == "/g/b" } }
        let killed = effects.firstIndex { $0.killed?.hasPrefix("g_b.") == true }
        if let launched { #expect(try #require(killed) > launched) }
    }

    @Test func `a group that an app's id makes is stored, and stays while something is in it`() throws {
        var scheduler = Scheduler.offered()
        var change = TreeChange()
        change.apps = ["/g/a": definition("/g/a")]
        change.groups = ["/g": []]
        let made = try scheduler.deploy(change, force: false, at: at(0))
        try scheduler.put(definition("/g/b", instances: 0), to: "/g/b", at: at(1))
        try scheduler.put(definition("/h/c", instances: 0), to: "/h/c", at: at(2))
        #expect(scheduler.takeChanges().groups.isSuperset(of: ["/g", "/h"]))
        _ = try scheduler.revert(made.deploymentId, at: at(3))
        #expect(scheduler.groups["/g"] != nil && scheduler.apps["/g/b"] != nil)
    }
}
