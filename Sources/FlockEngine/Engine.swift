import AsyncHTTPClient
public import FlockCore
import Foundation
public import Logging
import Marathon
import NIOCore
public import ServiceLifecycle

/// Marathon for one machine: takes requests and reports one at a time, lets ``Scheduler`` decide, writes down what
/// changed, and only then has it done.
public actor Engine: Service, Reporting {
    private let settings: LiveSettings
    private let store: EngineStore
    private let agent: LocalAgent
    private let folders: TaskFolders
    private let http: HTTPClient
    private let logger: Logger
    /// Taken until the store is read: nothing is answered from an empty world.
    private let turn = Turn(isTaken: true)
    private var isLoaded = false
    private let start = ContinuousClock.now
    nonisolated let events = EventHub()
    private var checker: HealthChecker?
    private var scheduler: Scheduler
    private var isReady = false
    private var launches = 0
    private var failures = 0

    /// - Throws: when the store in the state folder cannot be opened.
    public init(settings: LiveSettings, state: StateFolder, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        store = try EngineStore(folder: state.engine)
        folders = TaskFolders(root: state.engine)
        var configuration = MarathonClient.httpConfiguration
        configuration.connectionPool.idleTimeout = .seconds(5)
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        agent = LocalAgent(folders: folders, http: http, logger: logger)
        scheduler = Scheduler(ports: settings.current.engine.ports.ports, host: "127.0.0.1")
    }

    // MARK: Running

    public func run() async throws {
        let contents = try await store.load()
        scheduler = Scheduler(
            apps: contents.apps, tasks: contents.tasks, deployments: contents.deployments,
            ports: settings.current.engine.ports.ports, host: "127.0.0.1")
        logger.info("engine started", metadata: ["apps": "\(contents.apps.count)", "tasks": "\(contents.tasks.count)"])
        checker = HealthChecker(http: http) { [weak self] taskID, check, failure in
            try? await self?.perform { scheduler, now in
                scheduler.checked(taskID, check: check, failure: failure, at: now)
            }
        }
        await agent.reconcile(contents.tasks)
        isLoaded = true
        await turn.pass()
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.takeReports() }
                group.addTask { await self.keepTime() }
                try? await perform { scheduler, now in scheduler.resume(at: now) }
                isReady = true
                await followHealth()
                await group.next()
                group.cancelAll()
            }
        } onGracefulShutdown: { [events] in
            events.closeAll()
        }
        await checker?.stop()
        // The tasks go on; the next engine finds them.
        try? await http.shutdown()
    }

    /// Ends every task without changing what is wanted, so the next engine starts them again.
    public func stopTasks() async {
        await agent.killAll(grace: .seconds(3))
    }

    /// For an engine that does not run: ends the tasks that an earlier one left behind.
    public func stopLeftovers() async throws {
        await agent.reconcile(try await store.load().tasks)
        await agent.killAll(grace: .seconds(3))
        try await http.shutdown()
    }

    private func takeReports() async {
        for await report in agent.reports.cancelOnGracefulShutdown() {
            do {
                switch report {
                case .started(let taskID, let pid):
                    try await perform { scheduler, now in scheduler.started(taskID, pid: pid, at: now) }
                case .ended(let taskID, let ending):
                    logger.info("task ended", metadata: ["task": "\(taskID)", "how": "\(ending)"])
                    if scheduler.tasks[taskID]?.state != .killing { failures += 1 }
                    try await perform { scheduler, now in scheduler.ended(taskID, ending, at: now) }
                    await agent.forget(taskID)
                }
            } catch {
                logger.error("report not stored: \(error)")
            }
        }
    }

    private func keepTime() async {
        var sinceBeat = Duration.zero
        let pause = Duration.milliseconds(50)
        while !Task.isCancelled && !Task.isShuttingDownGracefully {
            try? await Task.sleep(for: pause)
            sinceBeat += pause
            if sinceBeat >= .seconds(10) {
                sinceBeat = .zero
                events.beat()
            }
            if let due = scheduler.nextTick, due <= now.elapsed {
                try? await perform { scheduler, now in scheduler.tick(at: now) }
            }
        }
    }

    private var now: Moment { Moment(elapsed: ContinuousClock.now - start, date: Date()) }

    /// Decides, writes down, carries out. When it cannot be written down, nothing has happened.
    @discardableResult
    func perform<Result: Sendable>(
        _ decide: @Sendable (inout Scheduler, Moment) throws -> Result
    ) async throws -> Result {
        await turn.take()
        do {
            let result = try await decideAndStore(decide)
            await turn.pass()
            return result
        } catch {
            await turn.pass()
            throw error
        }
    }

    private func decideAndStore<Result: Sendable>(
        _ decide: @Sendable (inout Scheduler, Moment) throws -> Result
    ) async throws -> Result {
        let before = scheduler
        var next = scheduler
        next.ports = settings.current.engine.ports.ports
        let result = try decide(&next, now)
        let changes = next.takeChanges()
        let effects = next.takeEffects()
        scheduler = next
        if !changes.isEmpty {
            do {
                try await store.commit(changes, of: next)
            } catch {
                scheduler = before
                throw EngineError(code: .storage, message: "cannot be stored: \(error)")
            }
        }
        for effect in effects { await carryOut(effect) }
        if !changes.tasks.isEmpty { await followHealth() }
        return result
    }

    private func carryOut(_ effect: Scheduler.Effect) async {
        switch effect {
        case .launch(let task, let definition):
            launches += 1
            logger.info("task launched", metadata: ["task": "\(task.id)", "ports": "\(task.ports)"])
            await agent.launch(task, definition)
        case .kill(let taskID, let grace): await agent.kill(taskID, grace: grace)
        case .emit(let event): events.publish(event)
        }
    }

    private func followHealth() async {
        let running = scheduler.tasks.values.filter { $0.state == .running }
        await checker?.follow(running.map { ($0, scheduler.apps[$0.appID]?.checks ?? []) })
    }

    // MARK: What the API asks

    func read<Result: Sendable>(_ look: @Sendable (Scheduler, Moment) throws -> Result) async rethrows -> Result {
        if !isLoaded {
            await turn.take()
            await turn.pass()
        }
        return try look(scheduler, now)
    }

    nonisolated func publish(_ event: @Sendable (Moment) -> EngineEvent) {
        events.publish(event(Moment(elapsed: ContinuousClock.now - start, date: Date())))
    }

    /// A file of a sandbox, by `<task id>/<file>` or, for an app's newest task, `latest/<app>/<file>`.
    nonisolated func sandboxFile(_ path: String) -> String? {
        var parts = path.split(separator: "/").map(String.init)
        if parts.count == 3, parts.removeFirst() == "latest" {
            guard let newest = folders.newest(of: parts[0]) else { return nil }
            parts[0] = newest
        }
        guard parts.count == 2, ["stdout", "stderr"].contains(parts[1]), !parts[0].hasPrefix(".") else { return nil }
        return "\(folders.sandbox(parts[0]))/\(parts[1])"
    }

    // MARK: Reporting

    public func health() -> Health {
        isReady ? .healthy : .failing("recovering its tasks")
    }

    public func metrics() -> [Metric] {
        [
            Metric("flock_engine_apps", .gauge, Double(scheduler.apps.count), help: "Apps, sleeping ones included."),
            Metric("flock_engine_tasks", .gauge, Double(scheduler.tasks.count), help: "Tasks that have not ended."),
            Metric("flock_engine_event_streams", .gauge, Double(events.count), help: "Open streams of /v2/events."),
            Metric("flock_engine_launches_total", .counter, Double(launches), help: "Tasks launched."),
            Metric("flock_engine_failures_total", .counter, Double(failures), help: "Tasks that ended unasked."),
        ]
    }
}
