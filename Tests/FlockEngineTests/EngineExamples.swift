import Foundation
import Marathon

@testable import FlockEngine

/// Values of the engine to start from.
enum EngineExamples {
    static func moment(_ seconds: Double) -> Moment {
        Moment(elapsed: .seconds(seconds), date: Date(timeIntervalSince1970: 1_767_225_600 + seconds))
    }

    static func definition(_ instances: Int = 1, cmd: String = "sleep 60", checked: Bool = false) -> AppDefinition {
        var definition = AppDefinition()
        definition.cmd = cmd
        definition.instances = instances
        if checked { definition.healthChecks = [check()] }
        return definition
    }

    static func check(grace: Double = 10, failures: Int = 3) -> HealthCheck {
        HealthCheck(
            protocol: "HTTP", path: "/", gracePeriodSeconds: grace, intervalSeconds: 1, timeoutSeconds: 1,
            maxConsecutiveFailures: failures)
    }

    static func task(_ id: String, config: String, ready: Bool = true, state: TaskRecord.State? = nil, age: Double = 0)
        -> TaskRecord
    {
        TaskRecord(
            id: id, appID: "/a", version: config, configVersion: config, host: "127.0.0.1", ports: [31000],
            state: state ?? (ready ? .running : .staging), stagedAt: moment(-age).date, health: [])
    }

    static func temporaryFolder() -> String {
        FileManager.default.temporaryDirectory.appending(path: "flock-engine-\(UUID().uuidString)").path
    }
}

extension Scheduler.Effect {
    var launched: TaskRecord? {
        if case .launch(let task, _) = self { return task }
        return nil
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
