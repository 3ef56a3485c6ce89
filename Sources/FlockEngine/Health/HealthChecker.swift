import AsyncHTTPClient
import Marathon
import NIOCore
import NIOSSL

/// Runs the health and readiness checks of every running task and reports what each said.
///
/// A task that has not answered yet is asked often, since somebody waits for it; afterwards at the check's own
/// interval. Failures before the first success do not count within the grace period, so asking early harms nobody.
actor HealthChecker {
    struct Finding: Sendable, Hashable {
        enum Result: Sendable, Hashable {
            /// - Parameter failure: why it failed; `nil` when it succeeded.
            case check(Int, failure: String?)
            /// The readiness check was answered.
            case ready
        }

        var taskID: String
        var result: Result
    }

    nonisolated let findings: AsyncStream<Finding>
    private let report: AsyncStream<Finding>.Continuation
    private let http: HTTPClient
    private let probe: HealthProbe
    private let command: Command
    private var running: [String: Task<Void, Never>] = [:]

    /// Runs a check's command where the task runs; answers why it failed, or `nil`.
    typealias Command = @Sendable (_ taskID: String, _ command: String, _ timeout: Duration) async -> String?

    init(command: @escaping Command) {
        var configuration = MarathonClient.httpConfiguration
        configuration.connectionPool.idleTimeout = .seconds(5)
        // Tasks of this machine show certificates of their own making. Marathon does not verify them either.
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.certificateVerification = .none
        configuration.tlsConfiguration = tls
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        probe = HealthProbe(http: http)
        self.command = command
        (findings, report) = AsyncStream.makeStream()
    }

    /// Brings the set of checked tasks to this one.
    func follow(_ tasks: [TaskRecord]) {
        let wanted = Set(tasks.map(\.id))
        for (id, work) in running where !wanted.contains(id) {
            work.cancel()
            running[id] = nil
        }
        for task in tasks where running[task.id] == nil && !(task.checks.isEmpty && task.readiness == nil) {
            running[task.id] = Task { [probe, command, report] in
                await withTaskGroup(of: Void.self) { group in
                    for (index, check) in task.checks.enumerated() {
                        group.addTask {
                            await Self.repeatedly(check, index, task, report: report) { timeout in
                                if let line = check.command?.value { return await command(task.id, line, timeout) }
                                return await probe.ask(check, host: task.host, ports: task.ports, timeout: timeout)
                            }
                        }
                    }
                    if let readiness = task.readiness, let port = task.readinessPort, !task.hasPassedReadiness {
                        group.addTask { await Self.untilReady(readiness, port, task, probe: probe, report: report) }
                    }
                }
            }
        }
    }

    func stop() async {
        follow([])
        report.finish()
        try? await http.shutdown()
    }

    private static func repeatedly(
        _ check: HealthCheck, _ index: Int, _ task: TaskRecord, report: AsyncStream<Finding>.Continuation,
        ask: @Sendable (Duration) async -> String?
    ) async {
        let interval = Duration.seconds(check.intervalSeconds)
        let began = ContinuousClock.now
        let wasAlive = task.health.indices.contains(index) && task.health[index].alive == true
        var pause = wasAlive ? interval : min(interval, .milliseconds(10))
        if !wasAlive, let delay = check.delaySeconds, check.protocol.hasPrefix("MESOS_") { pause = .seconds(delay) }
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            if Task.isCancelled { return }
            let failure = await ask(.seconds(check.timeoutSeconds))
            if Task.isCancelled { return }
            report.yield(Finding(taskID: task.id, result: .check(index, failure: failure)))
            // After the grace period failures count, so they are asked for at the check's own pace.
            let isOver = began.duration(to: .now) >= .seconds(check.gracePeriodSeconds)
            pause = failure == nil || isOver ? interval : min(interval, pause * 3 / 2)
        }
    }

    private static func untilReady(
        _ check: ReadinessCheck, _ port: Int, _ task: TaskRecord, probe: HealthProbe,
        report: AsyncStream<Finding>.Continuation
    ) async {
        let interval = Duration.seconds(check.intervalSeconds)
        var pause = min(interval, .milliseconds(10))
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            let status = await probe.status(
                scheme: check.protocol.lowercased(), host: task.host, port: port, path: check.path,
                timeout: .seconds(check.timeoutSeconds))
            if let status, check.httpStatusCodesForReady.contains(status) {
                report.yield(Finding(taskID: task.id, result: .ready))
                return
            }
            pause = min(interval, pause * 3 / 2)
        }
    }
}
