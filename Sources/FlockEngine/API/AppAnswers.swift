import Foundation
import Marathon

extension Scheduler {
    /// An app as Marathon answers it, with its counts and deployments.
    /// - Parameters:
    ///   - embeds: `tasks`, `lastTaskFailure`, `taskStats`, `readiness`.
    ///   - date: what the ages of tasks are counted to.
    func answer(_ record: AppRecord, embeds: Set<String>, at date: Date = Date()) -> App {
        var app = App(definition: record.definition, version: record.version)
        let versions = VersionInfo(
            lastScalingAt: record.scaledVersion ?? record.configVersion, lastConfigChangeAt: record.configVersion)
        app.versionInfo = versions
        let tasks = tasks(of: record.id)
        let counts = TaskStats.Counts(tasks)
        app.tasksStaged = counts.staged
        app.tasksRunning = counts.running
        app.tasksHealthy = counts.healthy
        app.tasksUnhealthy = counts.unhealthy
        app.deployments = (holders[record.id].map { [DeploymentReference(id: $0)] }) ?? []
        if embeds.contains("tasks") { app.tasks = tasks.map { answer($0) } }
        if embeds.contains("taskStats") { app.taskStats = TaskStats(tasks, versions: versions, at: date) }
        if embeds.contains("lastTaskFailure") { app.lastTaskFailure = record.lastTaskFailure }
        if embeds.contains("readiness") { app.readinessCheckResults = readiness(of: record.id) }
        return app
    }

    /// - Parameter embedsServicePorts: as `/v2/tasks` does.
    func answer(_ record: TaskRecord, embedsServicePorts: Bool = false) -> AppTask {
        var task = AppTask(id: record.id, appId: record.appID, host: record.host, ports: record.ports)
        task.state = record.state.rawValue
        task.stagedAt = Moment.timestamp(record.stagedAt)
        task.startedAt = record.startedAt.map(Moment.timestamp)
        task.version = record.version
        task.slaveId = record.agentID
        task.ipAddresses = [AppTask.Address(ipAddress: record.host, protocol: "IPv4")]
        if embedsServicePorts { task.servicePorts = apps[record.appID]?.definition.servicePorts ?? [] }
        let spoken = record.health.compactMap { state in state.alive.map { (state, $0) } }
        if spoken.isEmpty { return task }
        task.healthCheckResults = spoken.map { state, alive in
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

    func answer(_ record: DeploymentRecord) -> Deployment {
        var deployment = record.deployment
        for index in deployment.currentActions.indices {
            deployment.currentActions[index].readinessCheckResults = readiness(of: deployment.currentActions[index].app)
        }
        return deployment
    }

    private func readiness(of appID: String) -> [ReadinessCheckResult] {
        tasks(of: appID).compactMap { task in
            task.readiness.map { .init(name: $0.name, taskId: task.id, ready: task.hasPassedReadiness) }
        }
    }
}
