import AsyncHTTPClient
import Marathon

/// Runs the checks of every running task and reports what each said.
///
/// A task that has not answered yet is asked often, since somebody waits for it; afterwards at the check's own
/// interval. Failures before the first success do not count within the grace period, so asking early harms nobody.
actor HealthChecker {
    typealias Report = @Sendable (_ taskID: String, _ check: Int, _ failure: String?) async -> Void

    private let probe: HealthProbe
    private let report: Report
    private var running: [String: Task<Void, Never>] = [:]

    init(http: HTTPClient, report: @escaping Report) {
        probe = HealthProbe(http: http)
        self.report = report
    }

    /// Brings the set of checked tasks to this one.
    func follow(_ tasks: [(task: TaskRecord, checks: [HealthCheck])]) {
        let wanted = Set(tasks.map(\.task.id))
        for (id, work) in running where !wanted.contains(id) {
            work.cancel()
            running[id] = nil
        }
        for (task, checks) in tasks where running[task.id] == nil && !checks.isEmpty {
            running[task.id] = Task { [probe, report] in
                await withTaskGroup(of: Void.self) { group in
                    for (index, check) in checks.enumerated() {
                        let wasAlive = task.health.indices.contains(index) && task.health[index].alive == true
                        group.addTask {
                            await Self.repeatedly(check, index, task, wasAlive: wasAlive, probe: probe, report: report)
                        }
                    }
                }
            }
        }
    }

    func stop() {
        follow([])
    }

    private static func repeatedly(
        _ check: HealthCheck, _ index: Int, _ task: TaskRecord, wasAlive: Bool, probe: HealthProbe, report: Report
    ) async {
        let interval = Duration.seconds(check.intervalSeconds)
        let began = ContinuousClock.now
        var pause = wasAlive ? interval : min(interval, .milliseconds(10))
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            if Task.isCancelled { return }
            let failure = await probe.ask(
                check, host: task.host, ports: task.ports, timeout: .seconds(check.timeoutSeconds))
            if Task.isCancelled { return }
            await report(task.id, index, failure)
            // After the grace period failures count, so they are asked for at the check's own pace.
            let isOver = began.duration(to: .now) >= .seconds(check.gracePeriodSeconds)
            pause = failure == nil || isOver ? interval : min(interval, pause * 3 / 2)
        }
    }
}
