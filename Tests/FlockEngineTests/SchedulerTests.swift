import Foundation
import Marathon
import Testing

@testable import FlockEngine

@Suite struct SchedulerTests {
    private func at(_ seconds: Double) -> Moment { EngineExamples.moment(seconds) }

    /// Puts the app and brings its tasks up.
    private func running(_ instances: Int = 1) throws -> Scheduler {
        var scheduler = Scheduler.offered()
        try scheduler.put(EngineExamples.definition(instances), to: "/a", at: at(0))
        for task in scheduler.launched(at: at(0)) { scheduler.report(task.taskID, .running, at: at(1)) }
        _ = scheduler.takeEffects()
        return scheduler
    }

    @Test func `a new app is launched and told in order`() throws {
        var scheduler = Scheduler.offered()
        let result = try scheduler.put(EngineExamples.definition(), to: "/a", at: at(0))
        let effects = scheduler.takeEffects()
        #expect(
            effects.compactMap(\.event?.eventType)
                == [
                    "group_change_success", "deployment_info", "deployment_step_success", "deployment_info",
                    "status_update_event", "instance_changed_event", "add_health_check_event",
                ].dropLast())
        let task = try #require(effects.flatMap(\.launched).first)
        #expect(task.ports.count == 1 && task.taskID.hasPrefix("a.instance-"))
        #expect(scheduler.deployments[result.deploymentId] != nil)
        scheduler.report(task.taskID, .running, at: at(1))
        let events = scheduler.takeEffects().compactMap(\.event)
        #expect(
            events.map(\.eventType) == [
                "status_update_event", "instance_changed_event", "deployment_step_success", "deployment_success",
            ])
        #expect(events.first?.taskStatus == "TASK_RUNNING" && events.last?.id == result.deploymentId)
        #expect(scheduler.deployments.isEmpty)
    }

    @Test func `a kill that was decided before a restart is carried out after it`() throws {
        var definition = EngineExamples.definition(0)
        definition.id = "/a"
        let app = AppRecord(definition: definition, version: "1", configVersion: "1")
        var scheduler = Scheduler(
            apps: [app], groups: [], tasks: [EngineExamples.task("a.1", config: "1", state: .killing)],
            deployments: [], at: at(0))
        scheduler.resume(at: at(0))
        #expect(scheduler.takeEffects().compactMap(\.killed) == ["a.1"])
    }

    @Test func `what does not fit waits, with the reason, until something is offered`() throws {
        var scheduler = Scheduler.offered(EngineExamples.offer(ports: 31000...31000))
        try scheduler.put(EngineExamples.definition(2), to: "/a", at: at(0))
        let first = try #require(scheduler.launched(at: at(0)).first)
        #expect(scheduler.queue["/a"]?.count == 1 && scheduler.queue["/a"]?.last == .ports)
        scheduler.report(first.taskID, .finished, at: at(2))
        #expect(scheduler.queue["/a"]?.count == 2)
        scheduler.offered(EngineExamples.offer("o2"), at: at(5))
        #expect(scheduler.launched(at: at(5)).count == 2)
        #expect(scheduler.queue.isEmpty)
    }

    @Test(arguments: [
        (0.05, 4096.0, Rejection.cpus), (8, 16, .memory),
    ])
    func `resources are not given twice`(cpus: Double, mem: Double, reason: Rejection) throws {
        var scheduler = Scheduler.offered(EngineExamples.offer(cpus: cpus, mem: mem))
        try scheduler.put(EngineExamples.definition(), to: "/a", at: at(0))
        #expect(scheduler.takeEffects().flatMap(\.launched).isEmpty)
        #expect(scheduler.queue["/a"]?.last == reason)
    }

    @Test func `an offer that was made before a launch does not bring its port back`() throws {
        var scheduler = Scheduler.offered()
        try scheduler.put(EngineExamples.definition(), to: "/a", at: at(0))
        scheduler.offered(EngineExamples.offer("late"), at: at(1))
        try scheduler.put(EngineExamples.definition(9), to: "/b", at: at(2))
        #expect(Set(scheduler.tasks.values.flatMap(\.ports)).count == 10)
    }

    @Test func `an app with a Docker image is accepted and waits`() throws {
        var scheduler = Scheduler.offered()
        var definition = EngineExamples.definition()
        definition.container = try JSONDecoder().decode(
            Container.self, from: Data(#"{"type": "DOCKER", "docker": {"image": "nginx"}}"#.utf8))
        try scheduler.put(definition, to: "/a", at: at(0))
        #expect(scheduler.queue["/a"]?.last == .container && scheduler.tasks.isEmpty)
    }

    @Test func `hostname UNIQUE lets one instance run`() throws {
        var scheduler = Scheduler.offered()
        var definition = EngineExamples.definition(3)
        definition.constraints = [["hostname", "UNIQUE"]]
        try scheduler.put(definition, to: "/a", at: at(0))
        #expect(scheduler.launched(at: at(0)).count == 1)
        #expect(scheduler.queue["/a"]?.count == 2 && scheduler.queue["/a"]?.last == .constraint)
    }

    @Test func `required ports are the service ports`() throws {
        var scheduler = Scheduler.offered()
        var definition = EngineExamples.definition(2)
        definition.requirePorts = true
        definition.portDefinitions = [PortDefinition(port: 31007)]
        try scheduler.put(definition, to: "/a", at: at(0))
        #expect(scheduler.launched(at: at(0)).map(\.ports) == [[31007]])
        #expect(scheduler.queue["/a"]?.last == .ports)
    }

    @Test func `a put that changes nothing does nothing`() throws {
        var scheduler = try running()
        let before = scheduler.apps["/a"]
        let result = try scheduler.put(EngineExamples.definition(), to: "/a", at: at(2))
        #expect(result.version == before?.version && scheduler.apps["/a"] == before)
        let effects = scheduler.takeEffects()
        #expect(effects.flatMap(\.launched).isEmpty && effects.compactMap(\.killed).isEmpty)
        #expect(effects.last?.event?.eventType == "deployment_success" && scheduler.deployments.isEmpty)
    }

    @Test func `scaling keeps the tasks that run, and is a version of its own`() throws {
        var scheduler = try running()
        let before = try #require(scheduler.apps["/a"])
        try scheduler.put(EngineExamples.definition(3), to: "/a", at: at(2))
        let after = try #require(scheduler.apps["/a"])
        #expect(after.configVersion == before.configVersion && after.scaledVersion == after.version)
        let effects = scheduler.takeEffects()
        #expect(effects.flatMap(\.launched).count == 2 && effects.compactMap(\.killed).isEmpty)
    }

    @Test func `an app that a deployment holds is changed only by force`() throws {
        var scheduler = Scheduler.offered()
        let first = try scheduler.put(EngineExamples.definition(), to: "/a", at: at(0))
        _ = scheduler.takeEffects()
        let error = try #require(throws: EngineError.self) {
            try scheduler.put(EngineExamples.definition(2), to: "/a", at: at(1))
        }
        #expect(error.code == .locked && error.deployments == [first.deploymentId])
        try scheduler.put(EngineExamples.definition(2), to: "/a", force: true, at: at(1))
        let failed = try #require(scheduler.takeEffects().compactMap(\.event).first)
        #expect(failed.eventType == "deployment_failed" && failed.id == first.deploymentId)
        #expect(scheduler.deployments.count == 1)
    }

    @Test func `creating an app twice is a conflict, and so is one with a group's id`() throws {
        var scheduler = try running()
        #expect(throws: EngineError.self) {
            try scheduler.put(EngineExamples.definition(), to: "/a", isNew: true, at: at(2))
        }
        try scheduler.put(EngineExamples.definition(0), to: "/g/b", at: at(3))
        let error = #expect(throws: EngineError.self) {
            try scheduler.put(EngineExamples.definition(0), to: "/g", at: at(4))
        }
        #expect(error?.code == .invalid)
    }

    @Test func `a deleted app is gone when its tasks are`() throws {
        var scheduler = try running()
        _ = try scheduler.delete("/a", force: false, at: at(2))
        let killed = try #require(scheduler.takeEffects().compactMap(\.killed).first)
        #expect(scheduler.apps["/a"]?.isStopping == true)
        scheduler.report(killed, .killed, at: at(3))
        let events = scheduler.takeEffects().compactMap(\.event)
        #expect(events.first?.taskStatus == "TASK_KILLED")
        #expect(events.contains { $0.eventType == "app_terminated_event" })
        #expect(events.last?.eventType == "deployment_success")
        #expect(scheduler.apps.isEmpty && scheduler.tasks.isEmpty && scheduler.deployments.isEmpty)
        #expect(throws: EngineError.self) { try scheduler.delete("/a", force: false, at: at(4)) }
    }

    @Test func `a task that ended is launched again after a pause, and its end is acknowledged`() throws {
        var scheduler = try running()
        let task = try #require(scheduler.tasks.keys.first)
        scheduler.report(task, .failed, "Command exited with status 3", at: at(2))
        let effects = scheduler.takeEffects()
        #expect(effects.flatMap(\.launched).isEmpty && effects.contains(.acknowledge(taskID: task)))
        #expect(scheduler.apps["/a"]?.lastTaskFailure?.message == "Command exited with status 3")
        #expect(scheduler.delay(of: "/a", at: at(2)) == .seconds(1) && scheduler.nextTick == .seconds(3))
        scheduler.tick(at: at(2.9))
        #expect(scheduler.takeEffects().isEmpty)
        scheduler.tick(at: at(3))
        #expect(scheduler.takeEffects().flatMap(\.launched).count == 1)
        #expect(scheduler.nextTick == nil)
    }

    @Test func `a status that is told twice counts once`() throws {
        var scheduler = try running()
        let task = try #require(scheduler.tasks.keys.first)
        for _ in 0..<2 { scheduler.report(task, .failed, at: at(2)) }
        #expect(scheduler.delay(of: "/a", at: at(2)) == .seconds(1))
        #expect(scheduler.takeEffects().filter { $0 == .acknowledge(taskID: task) }.count == 2)
    }

    @Test func `a crash loop's delay outlives the engine, and a clock that jumps does not lengthen it`() throws {
        var scheduler = try running()
        for second in 2..<6 {
            let task = try #require(scheduler.tasks.keys.first)
            scheduler.report(task, .failed, at: at(Double(second * 10)))
            scheduler.tick(at: at(Double(second * 10) + 9))
            for task in scheduler.launched(at: at(0)) { scheduler.report(task.taskID, .running, at: at(0)) }
        }
        let app = try #require(scheduler.apps["/a"])
        let seconds = try #require(app.backoff?.seconds)
        #expect(seconds > 1.5)
        for jump in [-3600.0, 0] {
            let date = try #require(app.backoff).until.addingTimeInterval(jump - seconds)
            let next = Scheduler(
                apps: [app], groups: [], tasks: [], deployments: [], at: Moment(elapsed: .seconds(5), date: date))
            #expect(try #require(next.delays["/a"]).until <= .seconds(5 + seconds + 0.001))
            #expect(try #require(next.delays["/a"]).until > .seconds(5))
        }
    }

    @Test func `clearing the delay launches at once`() throws {
        var scheduler = try running()
        scheduler.report(try #require(scheduler.tasks.keys.first), .failed, at: at(2))
        _ = scheduler.takeEffects()
        try scheduler.resetDelay(of: "/a", at: at(2))
        #expect(scheduler.takeEffects().flatMap(\.launched).count == 1)
        #expect(scheduler.apps["/a"]?.backoff == nil)
        #expect(throws: EngineError.self) { try scheduler.resetDelay(of: "/none", at: at(2)) }
    }

    @Test func `a port that a stranger has costs no pause`() throws {
        var scheduler = Scheduler.offered()
        try scheduler.put(EngineExamples.definition(), to: "/a", at: at(0))
        let task = try #require(scheduler.launched(at: at(0)).first)
        scheduler.report(task.taskID, .failed, reason: .portTaken, at: at(1))
        let next = try #require(scheduler.launched(at: at(1)).first)
        #expect(next.ports != task.ports && scheduler.delay(of: "/a", at: at(1)) == nil)
    }

    @Test func `versions grow also when the clock stands or goes back`() throws {
        var scheduler = try running()
        var versions = [try #require(scheduler.apps["/a"]?.version)]
        for (instances, second) in [(2, 0.0), (3, 0), (4, -100), (5, 50)] {
            try scheduler.put(EngineExamples.definition(instances), to: "/a", force: true, at: at(second))
            versions.append(try #require(scheduler.apps["/a"]?.version))
        }
        #expect(Set(versions).count == versions.count && versions == versions.sorted())
    }

    @Test func `what is to be stored is named once`() throws {
        var scheduler = Scheduler.offered()
        let result = try scheduler.put(EngineExamples.definition(), to: "/a", at: at(0))
        let changes = scheduler.takeChanges()
        #expect(changes.apps == ["/a"] && changes.tasks.count == 1 && changes.deployments == [result.deploymentId])
        #expect(changes.history.map(\.id) == ["/a"])
        #expect(scheduler.takeChanges().isEmpty)
    }

    @Test func `an ill task is killed and its failure told`() throws {
        var scheduler = Scheduler.offered()
        try scheduler.put(EngineExamples.definition(checked: true), to: "/a", at: at(0))
        let task = try #require(scheduler.launched(at: at(0)).first)
        scheduler.report(task.taskID, .running, at: at(0))
        #expect(scheduler.deployments.count == 1)
        scheduler.checked(task.taskID, check: 0, failure: nil, at: at(1))
        #expect(scheduler.deployments.isEmpty)
        _ = scheduler.takeEffects()
        for second in 2..<6 { scheduler.checked(task.taskID, check: 0, failure: "refused", at: at(Double(second))) }
        let effects = scheduler.takeEffects()
        #expect(effects.compactMap(\.killed) == [task.taskID])
        let events = effects.compactMap(\.event?.eventType)
        #expect(events.contains("unhealthy_instance_kill_event"))
        #expect(events.filter { $0 == "failed_health_check_event" }.count == 4)
        #expect(scheduler.apps["/a"]?.lastTaskFailure?.message.contains("refused") == true)
    }

    @Test func `a clock that jumps does not end the grace period`() throws {
        var scheduler = Scheduler.offered()
        try scheduler.put(EngineExamples.definition(checked: true), to: "/a", at: at(0))
        let task = try #require(scheduler.launched(at: at(0)).first)
        scheduler.report(task.taskID, .running, at: at(0))
        for second in 1..<9 {
            scheduler.checked(
                task.taskID, check: 0, failure: "refused",
                at: Moment(elapsed: .seconds(second), date: at(3600).date))
        }
        #expect(scheduler.tasks[task.taskID]?.state == .running)
    }

    @Test func `a readiness check keeps the deployment waiting`() throws {
        var scheduler = Scheduler.offered()
        var definition = EngineExamples.definition()
        definition.readinessChecks = [
            try JSONDecoder().decode(ReadinessCheck.self, from: Data(#"{"portName": "default"}"#.utf8))
        ]
        try scheduler.put(definition, to: "/a", at: at(0))
        let task = try #require(scheduler.launched(at: at(0)).first)
        scheduler.report(task.taskID, .running, at: at(1))
        #expect(scheduler.deployments.count == 1 && scheduler.tasks[task.taskID]?.readinessPort == task.ports[0])
        scheduler.becameReady(task.taskID, at: at(2))
        #expect(scheduler.deployments.isEmpty)
    }
}
