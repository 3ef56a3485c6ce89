import Marathon
import Testing

@testable import FlockScaler

@Suite struct DepartureTests {
    private func task(_ id: String, staged: String = "1", state: String = "TASK_RUNNING", isAlive: Bool? = nil)
        -> AppTask
    {
        var task = AppTask(id: id, appId: "/a", host: "127.0.0.1", ports: [1])
        (task.state, task.stagedAt) = (state, staged)
        task.healthCheckResults = isAlive.map { [HealthCheckResult(alive: $0)] }
        return task
    }

    private func order(
        _ tasks: [AppTask], _ sessions: [String: Int] = [:], lingering: Set<String> = [], killSelection: String? = nil
    ) -> [String] {
        Departure(tasks, sessions: sessions, lingering: lingering, killSelection: killSelection).order
    }

    @Test func `those that serve nobody go first, then those with the least under way`() {
        let tasks = [
            task("busy"), task("ill", isAlive: false), task("less", isAlive: true),
            task("coming", state: "TASK_STAGING"),
        ]
        #expect(order(tasks, ["busy": 9, "less": 1, "ill": 20]) == ["coming", "ill", "less", "busy"])
    }

    @Test func `of those with as much under way the youngest goes, or the oldest where the app says so`() {
        let tasks = [task("old", staged: "2026-01-01T00:00:00.000Z"), task("new", staged: "2026-01-02T00:00:00.000Z")]
        #expect(order(tasks) == ["new", "old"])
        #expect(order(tasks, killSelection: "OLDEST_FIRST") == ["old", "new"])
    }

    @Test func `one whose requests did not end goes last, and one that is ending already is none`() {
        let tasks = [task("a"), task("b"), task("c", state: "TASK_KILLING")]
        #expect(order(tasks, ["a": 1, "b": 5], lingering: ["a"]) == ["b", "a"])
    }
}
