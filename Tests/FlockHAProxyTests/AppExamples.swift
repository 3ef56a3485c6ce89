import FlockCore
import Marathon

/// Apps as Marathon would answer them.
enum AppExamples {
    static func app(
        _ slug: String, _ version: String, release: Int = 0, ports: [Int] = [], labels: [String: String] = [:],
        id: String? = nil, path: String? = nil
    ) -> App {
        var definition = AppDefinition(id: id ?? "/\(slug)-\(version)")
        definition.instances = ports.count
        definition.labels = [Label.app: slug, Label.version: version, Label.release: String(release)]
            .merging(labels) { $1 }
        if let path {
            definition.healthChecks = [
                HealthCheck(
                    protocol: "HTTP", path: path, gracePeriodSeconds: 1, intervalSeconds: 1, timeoutSeconds: 1,
                    maxConsecutiveFailures: 3)
            ]
        }
        var app = App(definition: definition, version: "2026-01-01T00:00:00.000Z")
        app.tasks = ports.map { task($0, of: app.id) }
        return app
    }

    static func task(_ port: Int, of id: String, host: String = "127.0.0.1", state: String = "TASK_RUNNING") -> AppTask
    {
        var task = AppTask(id: "task-\(port)", appId: id, host: host, ports: [port])
        task.state = state
        return task
    }

    static func record(
        _ slug: String, _ number: Int, _ target: String, canary: ReleaseRecord.Canary? = nil
    ) -> App {
        let record = ReleaseRecord(slug: Slug(slug)!, number: number, target: target, canary: canary)
        return App(definition: record.definition, version: "1")
    }
}
