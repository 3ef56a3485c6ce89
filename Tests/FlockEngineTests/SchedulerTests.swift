import Foundation
import Marathon
import Testing

@testable import FlockEngine

@Suite struct SchedulerTests {
    private func at(_ seconds: Double) -> Moment { EngineExamples.moment(seconds) }
    private func scheduler() -> Scheduler { Scheduler(ports: 31000...31009, host: "127.0.0.1") }

    /// Puts the app and brings its tasks up.
    private func running(_ instances: Int = 1) throws -> Scheduler {
        var scheduler = scheduler()
        _ = try scheduler.put(EngineExamples.definition(instances), to: "/a", force: false, at: at(0))
        for task in scheduler.takeEffects().compactMap(\.launched) { scheduler.started(task.id, pid: 100, at: at(1)) }
        _ = scheduler.takeEffects()
        return scheduler
    }

    @Test func `a new app is launched and told in order`() throws {
        var scheduler = scheduler()
        let result = try scheduler.put(EngineExamples.definition(), to: "/a", force: false, at: at(0))
        let effects = scheduler.takeEffects()
        #expect(
            effects.compactMap(\.event?.eventType) == [
                "group_change_success", "deployment_info", "status_update_event",
            ])
        let task = try #require(effects.compactMap(\.launched).first)
        #expect(task.ports.count == 1 && task.id.hasPrefix("a.instance-"))
        #expect(scheduler.deployments[result.deploymentId] != nil)
        scheduler.started(task.id, pid: 7, at: at(1))
        let events = scheduler.takeEffects().compactMap(\.event)
        #expect(
            events.map(\.eventType) == ["status_update_event", "deployment_step_success", "deployment_success"])
        #expect(events.first?.taskStatus == "TASK_RUNNING" && events.last?.id == result.deploymentId)
        #expect(scheduler.deployments.isEmpty)
    }

    @Test func `a report of a check that the new configuration lacks is passed over`() throws {
        var scheduler = scheduler()
        _ = try scheduler.put(EngineExamples.definition(checked: true), to: "/a", force: false, at: at(0))
        let task = try #require(scheduler.takeEffects().compactMap(\.launched).first)
        scheduler.started(task.id, pid: 100, at: at(1))
        var change = AppDefinition()
        change.healthChecks = []
        _ = try scheduler.put(change, to: "/a", force: true, at: at(2))
        _ = scheduler.takeEffects()
        scheduler.checked(task.id, check: 0, failure: nil, at: at(3))
        #expect(scheduler.takeEffects().isEmpty)
    }

    @Test func `a kill that was decided before a restart is carried out after it`() throws {
        let app = AppRecord(definition: EngineExamples.definition(0), version: "1", configVersion: "1")
        var named = app
        named.definition.id = "/a"
        var scheduler = Scheduler(
            apps: [named], tasks: [EngineExamples.task("a.1", config: "1", state: .killing)], ports: 31000...31009,
            host: "127.0.0.1")
        scheduler.resume(at: at(0))
        #expect(scheduler.takeEffects().compactMap(\.killed) == ["a.1"])
    }

    @Test func `an app that finds no free port is looked at again`() throws {
        var scheduler = Scheduler(ports: 31000...31000, host: "127.0.0.1")
        _ = try scheduler.put(EngineExamples.definition(2), to: "/a", force: false, at: at(0))
        let first = try #require(scheduler.takeEffects().compactMap(\.launched).first)
        #expect(scheduler.nextTick == .seconds(1))
        scheduler.ended(first.id, .exited(0), at: at(2))
        scheduler.tick(at: at(5))
        #expect(scheduler.takeEffects().compactMap(\.launched).count == 1)
    }

    @Test func `a put changes the keys it gives and keeps the others`() throws {
        var scheduler = try running()
        var change = AppDefinition()
        change.env = ["A": "1"]
        _ = try scheduler.put(change, to: "/a", force: false, at: at(2))
        let app = try #require(scheduler.apps["/a"])
        #expect(app.definition.cmd == "sleep 60" && app.definition.env == ["A": "1"])
        #expect(app.configVersion == app.version)
    }

    @Test func `a put that changes nothing does nothing`() throws {
        var scheduler = try running()
        let before = scheduler.apps["/a"]
        let result = try scheduler.put(EngineExamples.definition(), to: "/a", force: false, at: at(2))
        #expect(result.version == before?.version && scheduler.apps["/a"] == before)
        let effects = scheduler.takeEffects()
        #expect(effects.compactMap(\.launched).isEmpty && effects.compactMap(\.killed).isEmpty)
        #expect(effects.last?.event?.eventType == "deployment_success" && scheduler.deployments.isEmpty)
    }

    @Test func `scaling keeps the tasks that run`() throws {
        var scheduler = try running()
        let before = try #require(scheduler.apps["/a"])
        _ = try scheduler.put(EngineExamples.definition(3), to: "/a", force: false, at: at(2))
        let after = try #require(scheduler.apps["/a"])
        #expect(after.configVersion == before.configVersion && after.version > before.version)
        let effects = scheduler.takeEffects()
        #expect(effects.compactMap(\.launched).count == 2 && effects.compactMap(\.killed).isEmpty)
    }

    @Test func `an app that a deployment holds is changed only by force`() throws {
        var scheduler = scheduler()
        let first = try scheduler.put(EngineExamples.definition(), to: "/a", force: false, at: at(0))
        _ = scheduler.takeEffects()
        let error = try #require(throws: EngineError.self) {
            try scheduler.put(EngineExamples.definition(2), to: "/a", force: false, at: at(1))
        }
        #expect(error.code == .locked && error.deployments == [first.deploymentId])
        _ = try scheduler.put(EngineExamples.definition(2), to: "/a", force: true, at: at(1))
        let failed = try #require(scheduler.takeEffects().compactMap(\.event).first)
        #expect(failed.eventType == "deployment_failed" && failed.id == first.deploymentId)
        #expect(scheduler.deployments.count == 1)
    }

    @Test func `creating an app twice is a conflict`() throws {
        var scheduler = try running()
        let error = try #require(throws: EngineError.self) {
            try scheduler.put(EngineExamples.definition(), to: "/a", force: false, isNew: true, at: at(2))
        }
        #expect(error.code == .conflict)
    }

    @Test func `a deleted app is gone when its tasks are`() throws {
        var scheduler = try running()
        _ = try scheduler.delete("/a", force: false, at: at(2))
        let killed = try #require(scheduler.takeEffects().compactMap(\.killed).first)
        #expect(scheduler.apps["/a"]?.isStopping == true)
        scheduler.ended(killed, .signalled(15), at: at(3))
        let events = scheduler.takeEffects().compactMap(\.event)
        #expect(events.first?.taskStatus == "TASK_KILLED")
        #expect(events.last?.eventType == "app_terminated_event")
        #expect(scheduler.apps.isEmpty && scheduler.tasks.isEmpty && scheduler.deployments.isEmpty)
        #expect(throws: EngineError.self) { try scheduler.delete("/a", force: false, at: at(4)) }
    }

    @Test func `a task that ended is launched again after a pause`() throws {
        var scheduler = try running()
        let task = try #require(scheduler.tasks.keys.first)
        scheduler.ended(task, .exited(3), at: at(2))
        #expect(scheduler.takeEffects().compactMap(\.launched).isEmpty)
        #expect(scheduler.apps["/a"]?.lastTaskFailure?.message == "Command exited with status 3")
        #expect(scheduler.delay(of: "/a", at: at(2)) == .seconds(1) && scheduler.nextTick == .seconds(3))
        scheduler.tick(at: at(2.9))
        #expect(scheduler.takeEffects().isEmpty)
        scheduler.tick(at: at(3))
        #expect(scheduler.takeEffects().compactMap(\.launched).count == 1)
        #expect(scheduler.nextTick == nil)
    }

    @Test func `clearing the delay launches at once`() throws {
        var scheduler = try running()
        scheduler.ended(try #require(scheduler.tasks.keys.first), .exited(1), at: at(2))
        _ = scheduler.takeEffects()
        try scheduler.resetDelay(of: "/a", at: at(2))
        #expect(scheduler.takeEffects().compactMap(\.launched).count == 1)
        #expect(throws: EngineError.self) { try scheduler.resetDelay(of: "/none", at: at(2)) }
    }

    @Test func `a port that a stranger has is left alone without a pause`() throws {
        var scheduler = scheduler()
        _ = try scheduler.put(EngineExamples.definition(), to: "/a", force: false, at: at(0))
        let task = try #require(scheduler.takeEffects().compactMap(\.launched).first)
        scheduler.ended(task.id, .portTaken(task.ports[0]), at: at(1))
        let next = try #require(scheduler.takeEffects().compactMap(\.launched).first)
        #expect(next.ports != task.ports && scheduler.delay(of: "/a", at: at(1)) == nil)
    }

    @Test func `no two tasks have a port in common`() throws {
        let scheduler = try running(10)
        #expect(Set(scheduler.tasks.values.flatMap(\.ports)) == Set(31000...31009))
    }

    @Test func `versions grow also when the clock stands or goes back`() throws {
        var scheduler = try running()
        var versions = [try #require(scheduler.apps["/a"]?.version)]
        for (instances, second) in [(2, 0.0), (3, 0), (4, -100), (5, 50)] {
            _ = try scheduler.put(EngineExamples.definition(instances), to: "/a", force: true, at: at(second))
            versions.append(try #require(scheduler.apps["/a"]?.version))
        }
        #expect(Set(versions).count == versions.count && versions == versions.sorted())
    }

    @Test func `what is to be stored is named once`() throws {
        var scheduler = scheduler()
        let result = try scheduler.put(EngineExamples.definition(), to: "/a", force: false, at: at(0))
        let changes = scheduler.takeChanges()
        #expect(changes.apps == ["/a"] && changes.tasks.count == 1 && changes.deployments == [result.deploymentId])
        #expect(scheduler.takeChanges().isEmpty)
    }

    @Test func `an ill task is killed and its failure told`() throws {
        var scheduler = scheduler()
        _ = try scheduler.put(EngineExamples.definition(checked: true), to: "/a", force: false, at: at(0))
        let task = try #require(scheduler.takeEffects().compactMap(\.launched).first)
        scheduler.started(task.id, pid: 1, at: at(0))
        #expect(scheduler.deployments.count == 1)
        scheduler.checked(task.id, check: 0, failure: nil, at: at(1))
        #expect(scheduler.deployments.isEmpty)
        _ = scheduler.takeEffects()
        for second in 2..<6 { scheduler.checked(task.id, check: 0, failure: "refused", at: at(Double(second))) }
        let effects = scheduler.takeEffects()
        #expect(effects.compactMap(\.killed) == [task.id])
        #expect(effects.compactMap(\.event?.eventType).contains("unhealthy_instance_kill_event"))
        #expect(scheduler.apps["/a"]?.lastTaskFailure?.message.contains("refused") == true)
    }
}
