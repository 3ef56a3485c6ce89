import Foundation
import Marathon

extension Scheduler {
    /// An app as Marathon answers it, with its counts and deployments.
    func answer(_ record: AppRecord, tasks embedsTasks: Bool, failure embedsFailure: Bool) -> App {
        var app = App(definition: record.definition, version: record.version)
        let tasks = tasks(of: record.id)
        app.tasksStaged = tasks.count { $0.state == .staging }
        app.tasksRunning = tasks.count { $0.state == .running }
        if !record.checks.isEmpty {
            app.tasksHealthy = tasks.count { $0.isReady }
            app.tasksUnhealthy = tasks.count { $0.state == .running && $0.health.contains { $0.alive == false } }
        }
        app.deployments = deployments.values.filter { $0.appID == record.id }.map { DeploymentReference(id: $0.id) }
            .sorted { $0.id < $1.id }
        if embedsTasks { app.tasks = tasks.map(answer) }
        if embedsFailure { app.lastTaskFailure = record.lastTaskFailure }
        return app
    }

    func answer(_ record: TaskRecord) -> AppTask {
        var task = AppTask(id: record.id, appId: record.appID, host: record.host, ports: record.ports)
        task.state = record.state.rawValue
        task.stagedAt = Moment.timestamp(record.stagedAt)
        task.startedAt = record.startedAt.map(Moment.timestamp)
        task.version = record.version
        task.slaveId = TaskRecord.agentID
        let spoken = record.health.compactMap { state in state.alive.map { (state, $0) } }
        task.healthCheckResults =
            spoken.isEmpty
            ? nil
            : spoken.map { state, alive in
                var result = HealthCheckResult(alive: alive)
                result.consecutiveFailures = state.consecutiveFailures
                result.firstSuccess = state.firstSuccess.map(Moment.timestamp)
                result.lastSuccess = state.lastSuccess.map(Moment.timestamp)
                result.lastFailure = state.lastFailure.map(Moment.timestamp)
                result.lastFailureCause = state.lastFailureCause
                result.instanceId = record.instanceID
                return result
            }
        return task
    }
}
