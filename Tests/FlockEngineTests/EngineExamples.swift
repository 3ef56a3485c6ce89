import Foundation
import Marathon

@testable import FlockEngine

/// Values of the engine to start from.
enum EngineExamples {
    static func moment(_ seconds: Double) -> Moment {
        Moment(elapsed: .seconds(seconds), date: Date(timeIntervalSince1970: 1_767_225_600 + seconds))
    }

    /// A definition as it is after its defaults were filled in.
    static func definition(_ instances: Int = 1, cmd: String = "sleep 60", checked: Bool = false) -> AppDefinition {
        var definition = AppDefinition()
        definition.cmd = cmd
        definition.instances = instances
        definition.cpus = 0.1
        definition.mem = 32
        definition.portDefinitions = [PortDefinition(port: 10_000, name: "default")]
        definition.healthChecks = checked ? [check()] : []
        return definition
    }

    static func check(grace: Double = 10, failures: Int = 3) -> HealthCheck {
        HealthCheck(
            protocol: "HTTP", path: "/", gracePeriodSeconds: grace, intervalSeconds: 1, timeoutSeconds: 1,
            maxConsecutiveFailures: failures)
    }

    static func task(
        _ id: String, config: String, ready: Bool = true, state: TaskRecord.State? = nil, age: Double = 0,
        app: String = "/a"
    ) -> TaskRecord {
        TaskRecord(
            id: id, appID: app, version: config, configVersion: config, agentID: "agent", host: "127.0.0.1",
            ports: [31000], state: state ?? (ready ? .running : .staging), stagedAt: moment(-age).date)
    }

    static func offer(
        _ id: String = "o1", cpus: Double = 8, mem: Double = 4096, ports: ClosedRange<Int> = 31000...31009
    )
        -> Offer
    {
        Offer(
            id: id, agentID: "agent", host: "127.0.0.1",
            resources: Resources(cpus: cpus, mem: mem, disk: 1000, ports: [ports]))
    }

    static func temporaryFolder() -> String {
        FileManager.default.temporaryDirectory.appending(path: "flock-engine-\(UUID().uuidString)").path
    }
}

extension Scheduler {
    /// One with an offer to launch on.
    static func offered(_ offer: Offer = EngineExamples.offer()) -> Scheduler {
        var scheduler = Scheduler()
        scheduler.offered(offer, at: EngineExamples.moment(0))
        return scheduler
    }

    /// Changes an app as a whole definition.
    @discardableResult
    mutating func put(
        _ definition: AppDefinition, to id: String, force: Bool = false, isNew: Bool = false, at now: Moment
    ) throws -> DeploymentResult {
        var definition = definition
        definition.id = id
        return try put(id, isNew: isNew, force: force, at: now) { _, _ in definition }
    }

    mutating func report(
        _ taskID: String, _ state: TaskStatus.State, _ message: String = "", reason: TaskStatus.Reason? = nil,
        at now: Moment
    ) {
        status(TaskStatus(taskID: taskID, agentID: "agent", state: state, message: message, reason: reason), at: now)
    }

    /// What was launched since it was asked last; the rest of the offer is offered anew, as an agent does.
    mutating func launched(at now: Moment) -> [TaskLaunch] {
        var launched: [TaskLaunch] = []
        while true {
            let new = takeEffects().flatMap(\.launched)
            if new.isEmpty { return launched }
            launched += new
            if let offer = offers["agent"] { offered(offer, at: now) }
        }
    }
}

extension Scheduler.Effect {
    var launched: [TaskLaunch] {
        if case .accept(_, let tasks) = self { return tasks }
        return []
    }
    var killed: String? {
        if case .kill(let taskID, _) = self { return taskID }
        return nil
    }
    var event: EngineEvent? {
        if case .emit(let event) = self { return event }
        return nil
    }
}
