import Marathon
import Testing

@testable import FlockHook

@Suite struct VerifyVerdictTests {
    private let version = "2026-01-02T00:00:00.000Z"
    private let older = "2026-01-01T00:00:00.000Z"

    private func app(checked: Bool = true, deploying: Bool = false) -> App {
        var definition = AppDefinition(id: "/shop-1.0.0")
        if checked {
            definition.healthChecks = [
                HealthCheck(
                    protocol: "HTTP", path: "/", gracePeriodSeconds: 1, intervalSeconds: 1, timeoutSeconds: 1,
                    maxConsecutiveFailures: 3)
            ]
        }
        var app = App(definition: definition, version: version)
        if deploying { app.deployments = [DeploymentReference(id: "d")] }
        return app
    }

    private func task(_ version: String, alive: Bool?, state: String = "TASK_RUNNING") -> AppTask {
        var task = AppTask(id: "t", appId: "/shop-1.0.0", host: "h", ports: [1])
        task.version = version
        task.state = state
        task.healthCheckResults = alive.map { [HealthCheckResult(alive: $0)] }
        return task
    }

    private func verdict(_ app: App) -> VerifyVerdict {
        var failed: [String: String] = [:]
        return VerifyVerdict(app, version: version, failedTasks: &failed)
    }

    @Test func `a task that answers its check is healthy once the deployment is over`() {
        var app = app()
        app.tasks = [task(version, alive: true)]
        #expect(verdict(app) == .healthy)
        app.deployments = [DeploymentReference(id: "d")]
        #expect(verdict(app) == .waiting)
    }

    @Test func `a task that has not answered is waited for`() {
        var app = app()
        for alive in [nil, false] as [Bool?] {
            app.tasks = [task(version, alive: alive)]
            #expect(verdict(app) == .waiting)
        }
        app.tasks = []
        #expect(verdict(app) == .waiting)
        app.tasks = nil
        #expect(verdict(app) == .waiting)
    }

    @Test func `a task of the version before says nothing`() {
        var app = app()
        app.tasks = [task(older, alive: true)]
        #expect(verdict(app) == .waiting)
    }

    @Test func `without checks it is enough that a task runs`() {
        var app = app(checked: false)
        app.tasks = [task(version, alive: nil)]
        #expect(verdict(app) == .healthy)
        app.tasks = [task(version, alive: nil, state: "TASK_STAGING")]
        #expect(verdict(app) == .waiting)
    }

    @Test func `a third task that ends has failed the deploy`() {
        var failed: [String: String] = [:]
        var verdicts: [VerifyVerdict] = []
        for number in [1, 1, 2, 2, 3] {
            var app = app(deploying: true)
            app.lastTaskFailure = TaskFailure(
                appId: app.id, taskId: "t\(number)", state: "TASK_FAILED", message: "exit \(number)", host: "h",
                timestamp: version, version: version)
            verdicts.append(VerifyVerdict(app, version: version, failedTasks: &failed))
        }
        #expect(verdicts == [.waiting, .waiting, .waiting, .waiting, .failing("TASK_FAILED: exit 3")])
    }

    @Test func `failures of an older version do not count`() {
        var failed: [String: String] = [:]
        for number in 1...4 {
            var app = app(deploying: true)
            app.lastTaskFailure = TaskFailure(
                appId: app.id, taskId: "t\(number)", state: "TASK_FAILED", message: "", host: "h", timestamp: older,
                version: older)
            #expect(VerifyVerdict(app, version: version, failedTasks: &failed) == .waiting)
        }
    }

    @Test func `tasks that the machine lost do not count`() {
        var failed: [String: String] = [:]
        for number in 1...4 {
            var app = app(deploying: true)
            app.lastTaskFailure = TaskFailure(
                appId: app.id, taskId: "t\(number)", state: "TASK_LOST", message: "Port 31000 is in use", host: "h",
                timestamp: version, version: version)
            #expect(VerifyVerdict(app, version: version, failedTasks: &failed) == .waiting)
        }
    }
}
