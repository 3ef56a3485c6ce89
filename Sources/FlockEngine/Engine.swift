import AsyncHTTPClient
public import FlockCore
import Foundation
public import Logging
import Marathon
import NIOCore
public import ServiceLifecycle

/// Marathon for one machine: takes requests and reports one at a time, lets ``Scheduler`` decide, writes down what
/// changed, and only then shows it and has it done.
public actor Engine: Service, Reporting {
    private let settings: LiveSettings
    private let agent: MachineAgent
    private let http: HTTPClient
    private let logger: Logger
    nonisolated let store: EngineStore
    nonisolated let events = EventHub()
    nonisolated let folders: TaskFolders
    /// Where the API answers, as `/v2/info` tells it.
    nonisolated let listen: String
    /// Taken until the store is read: nothing is answered from an empty world.
    private let turn = Turn(isTaken: true)
    private var isLoaded = false
    private let start = ContinuousClock.now
    private var checker: HealthChecker?
    private var scheduler = Scheduler()
    private var isReady = false
    private var launches = 0
    private var failures = 0

    /// - Throws: when the store in the state folder cannot be opened, or tasks cannot be isolated as settings ask.
    public init(settings: LiveSettings, state: StateFolder, logger: Logger) async throws {
        self.settings = settings
        self.logger = logger
        store = try EngineStore(folder: state.engine)
        listen = "\(settings.current.engine.listen)"
        folders = TaskFolders(root: state.engine)
        let launcher = try await Self.launcher(settings.current.engine, state: state)
        var configuration = MarathonClient.httpConfiguration
        configuration.connectionPool.idleTimeout = .seconds(5)
        // Last: one that is not shut down ends the process, whatever the error was.
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        logger.info("tasks are isolated by \(launcher.isolation.rawValue): \(launcher.summary)")
        agent = MachineAgent(
            folder: state.engine, launcher: launcher,
            total: Resources(settings.current.engine, folder: state.engine), agentID: Self.agentID, host: "127.0.0.1",
            http: http, logger: logger)
    }

    /// Mesos' word for the machine that runs tasks.
    static let agentID = "flock-agent-0"

    private static func launcher(_ settings: Settings.Engine, state: StateFolder) async throws -> any Launcher {
        try settings.isolation.launcher(on: await MachineFacts.gather(), state: state.engine)
    }

    /// What keeps tasks apart on this machine, for people.
    /// - Throws: ``EngineError`` `isolation_refused` with what to do.
    public static func isolation(_ settings: Settings.Engine, state: StateFolder) async throws -> String {
        let launcher = try await launcher(settings, state: state)
        return "\(launcher.isolation.rawValue): \(launcher.summary)"
    }

    // MARK: Running

    public func run() async throws {
        let contents = try await store.load()
        scheduler = Scheduler(
            apps: contents.apps, groups: contents.groups, tasks: contents.tasks, deployments: contents.deployments,
            at: now)
        logger.info("engine started", metadata: ["apps": "\(contents.apps.count)", "tasks": "\(contents.tasks.count)"])
        let checker = HealthChecker { [agent] in await agent.check($0, $1, timeout: $2) }
        self.checker = checker
        await agent.reconcile(contents.tasks.map(\.id))
        isLoaded = true
        await turn.pass()
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.takeUpdates() }
                group.addTask { await self.takeFindings(of: checker) }
                group.addTask { await self.keepTime() }
                await insistently { scheduler, now in scheduler.resume(at: now) }
                isReady = true
                await followHealth()
                await group.next()
                group.cancelAll()
            }
        } onGracefulShutdown: { [events] in
            events.closeAll()
        }
        await checker.stop()
        // The tasks go on; the next engine finds them.
        try? await http.shutdown()
    }

    /// Ends every task without changing what is wanted, so the next engine starts them again.
    public func stopTasks() async {
        await agent.killAll(grace: .seconds(3))
        await agent.stop()
    }

    /// For an engine that does not run: ends the tasks that an earlier one left behind.
    public func stopLeftovers() async throws {
        await agent.reconcile(try await store.load().tasks.map(\.id))
        await agent.killAll(grace: .seconds(3))
        await agent.stop()
        try await http.shutdown()
    }

    private func takeUpdates() async {
        for await update in agent.updates.cancelOnGracefulShutdown() {
            switch update {
            case .offer(let offer):
                // Nothing of an offer is stored, but what is launched on it is.
                await insistently { scheduler, now in scheduler.offered(offer, at: now) }
            case .rescind(let agentID): await insistently { scheduler, _ in scheduler.rescinded(agentID: agentID) }
            case .status(let status):
                if status.state.isTerminal, scheduler.tasks[status.taskID].map({ $0.state != .killing }) ?? false {
                    failures += 1
                }
                await insistently { scheduler, now in scheduler.status(status, at: now) }
            }
        }
    }

    private func takeFindings(of checker: HealthChecker) async {
        for await finding in checker.findings.cancelOnGracefulShutdown() {
            switch finding.result {
            // One that cannot be stored is found again.
            case .check(let index, let failure):
                try? await perform { scheduler, now in
                    scheduler.checked(finding.taskID, check: index, failure: failure, at: now)
                }
            case .ready:
                await insistently { scheduler, now in scheduler.becameReady(finding.taskID, at: now) }
            }
        }
    }

    /// Between two attempts to write to a disk that refuses: it is full for seconds or hours, not for moments.
    private static let storePause = Duration.seconds(1)

    /// Tries until it is stored: what an agent tells happened, whether the disk is full or not.
    private func insistently(_ decide: @Sendable (inout Scheduler, Moment) -> Void) async {
        while true {
            do {
                return try await perform(decide)
            } catch {
                logger.error("cannot be stored, trying again: \(error)")
                try? await Task.sleep(for: Self.storePause)
                if Task.isCancelled || Task.isShuttingDownGracefully { return }
            }
        }
    }

    private func keepTime() async {
        var sinceBeat = Duration.zero
        var applied = settings.current.engine
        let pause = Duration.milliseconds(50)
        while !Task.isCancelled && !Task.isShuttingDownGracefully {
            try? await Task.sleep(for: pause)
            sinceBeat += pause
            if sinceBeat >= .seconds(10) {
                sinceBeat = .zero
                events.beat()
            }
            if settings.current.engine != applied {
                applied = settings.current.engine
                await agent.resize(Resources(applied, folder: folders.root))
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
        var next = scheduler
        let result = try decide(&next, now)
        let changes = next.takeChanges()
        let effects = next.takeEffects()
        if !changes.isEmpty {
            do {
                try await store.commit(changes, of: next)
            } catch {
                throw EngineError(code: .storage, message: "cannot be stored: \(error)")
            }
            if !changes.apps.isEmpty { CrashPoint.engineStored.pass() }
        }
        scheduler = next
        for effect in effects { await carryOut(effect) }
        if !changes.tasks.isEmpty { await followHealth() }
        return result
    }

    private func carryOut(_ effect: Scheduler.Effect) async {
        switch effect {
        case .accept(let offerID, let tasks):
            launches += tasks.count
            for task in tasks {
                logger.info("task launched", metadata: ["task": "\(task.taskID)", "ports": "\(task.ports)"])
                if let warning = MemoryFloor.warning(
                    command: task.definition.cmd ?? task.definition.args?.first ?? "", mem: task.resources.mem)
                {
                    logger.warning("\(warning)", metadata: ["app": "\(task.appID)"])
                }
            }
            await agent.accept(offerID, launching: tasks)
        case .kill(let taskID, let grace): await agent.kill(taskID, grace: grace)
        case .acknowledge(let taskID): await agent.acknowledge(taskID)
        case .emit(let event): events.publish(event)
        }
    }

    private func followHealth() async {
        await checker?.follow(scheduler.tasks.values.filter { $0.state == .running })
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

    // MARK: Reporting

    public func health() -> Health {
        isReady ? .healthy : .failing("recovering its tasks")
    }

    public func metrics() -> [Metric] {
        [
            Metric("flock_engine_apps", .gauge, Double(scheduler.apps.count), help: "Apps, sleeping ones included."),
            Metric("flock_engine_tasks", .gauge, Double(scheduler.tasks.count), help: "Tasks that have not ended."),
            Metric(
                "flock_engine_waiting", .gauge, Double(scheduler.queue.values.reduce(0) { $0 + $1.count }),
                help: "Instances that wait to be launched."),
            Metric("flock_engine_event_streams", .gauge, Double(events.count), help: "Open streams of /v2/events."),
            Metric("flock_engine_launches_total", .counter, Double(launches), help: "Tasks launched."),
            Metric("flock_engine_failures_total", .counter, Double(failures), help: "Tasks that ended unasked."),
        ]
    }
}
