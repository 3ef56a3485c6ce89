import AsyncHTTPClient
public import FlockCore
import HAProxy
public import Logging
import Marathon
public import ServiceLifecycle

/// Keeps one HAProxy true to Marathon: follows Marathon, finds out which tasks serve, and has the driver apply it.
public actor RoutingService: Service, Reporting {
    private let settings: LiveSettings
    private let logger: Logger
    private let driver: HAProxyDriver
    private let marathon: MarathonClient
    private let http: HTTPClient
    private let clock = ContinuousClock()
    private var prober: ReadinessProber?

    private var apps: [App] = []
    /// Whether Marathon was read at least once: before, an empty table means nothing.
    private var isInformed = false
    /// Tasks that answered their check.
    private var proven: Set<String> = []
    private var drains = DrainLeases()

    private var isApplying = false
    private var isDirty = false
    private var trouble: String?

    /// - Throws: when HAProxy is not installed.
    public init(settings: LiveSettings, state: StateFolder, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        driver = try HAProxyDriver(settings: settings, folder: state.haproxy, logger: logger)
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        marathon = MarathonClient(settings: settings.current, state: state, http: http)
    }

    /// Whether an HAProxy of an earlier run serves already, so that its ports are ours.
    public func isServing() async -> Bool { await driver.adopt() }

    /// Ends HAProxy itself; ``run()`` leaves it serving.
    public func stopHAProxy() async throws { try await driver.stop() }

    /// For a service that does not run: ends the HAProxy that an earlier one left behind.
    public func stopLeftovers() async throws {
        try await stopHAProxy()
        try await http.shutdown()
    }

    // MARK: Running

    public func run() async throws {
        try await driver.start()
        prober = ReadinessProber(http: http) { [weak self] taskID in await self?.prove(taskID) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.followMarathon() }
            group.addTask { await self.watchHAProxy() }
            group.addTask { await self.keepTime() }
            group.addTask { try? await gracefulShutdown() }
            await group.next()
            group.cancelAll()
        }
        await prober?.follow([])
        // HAProxy goes on without anybody to end the leases.
        if !drains.leases.isEmpty {
            drains = DrainLeases()
            await settled()
        }
        try await http.shutdown()
    }

    private func followMarathon() async {
        let feed = ChangeFeed(
            marathon,
            types: [
                "status_update_event", "health_status_changed_event", "instance_health_changed_event",
                "app_terminated_event",
                "api_post_event", "group_change_success", "deployment_success", "deployment_failed",
            ])
        for await signal in feed.signals().cancelOnGracefulShutdown() {
            if case .lost(let why) = signal {
                logger.warning("Marathon does not answer, routes stay as they are; trying again: \(why)")
                trouble = "Marathon does not answer"
                continue
            }
            if case .connected = signal, trouble != nil || !isInformed { logger.info("Marathon answers") }
            await refresh()
        }
    }

    /// Reads Marathon again and applies what changed. Signals that come meanwhile lead to one more round.
    private func refresh() async {
        guard !isApplying else {
            isDirty = true
            return
        }
        isApplying = true
        repeat {
            isDirty = false
            do {
                apps = try await marathon.apps()
                isInformed = true
                trouble = nil
                await apply()
            } catch {
                trouble = "Marathon does not answer"
            }
        } while isDirty
        isApplying = false
    }

    /// Applies again without reading Marathon.
    private func reapply() async {
        guard isInformed, !isApplying else {
            isDirty = true
            return
        }
        isApplying = true
        await apply()
        isApplying = false
        if isDirty { await refresh() }
    }

    private func prove(_ taskID: String) async {
        proven.insert(taskID)
        // Not in the caller's task: the prober ends it as soon as the task needs no more asking.
        Task { await self.reapply() }
    }

    private func keepTime() async {
        while !Task.isCancelled {
            try? await clock.sleep(for: .milliseconds(500))
            let before = drains
            drains.expire(at: clock.now)
            if before != drains || (trouble != nil && isInformed) || isDirty { await refresh() }
        }
    }

    /// HAProxy itself must not stay away.
    private func watchHAProxy() async {
        while !Task.isCancelled {
            await driver.terminated()
            if Task.isCancelled { return }
            logger.error("HAProxy is gone, starting it again")
            do {
                try await driver.start()
            } catch {
                logger.error("HAProxy does not start: \(error)")
                try? await clock.sleep(for: .seconds(1))
            }
            await reapply()
        }
    }

    // MARK: Applying

    private func apply() async {
        let table = RoutingTable(apps: apps, domain: settings.current.domain)
        let present = Set(table.routes.flatMap(\.targets).map(\.taskID))
        proven.formIntersection(present)
        for target in table.routes.flatMap(\.targets) where target.isAlive == true { proven.insert(target.taskID) }
        await prober?.follow(
            table.routes.flatMap { route in
                route.targets.filter { !proven.contains($0.taskID) && $0.isAlive != false }.map { ($0, route.check) }
            })
        do {
            let outcome = try await driver.apply(table) { [proven, drains] target, route in
                proven.contains(target.taskID) && target.isAlive != false
                    && !drains.contains(target.taskID, of: route.appID)
            }
            if outcome == .postponed { isDirty = true }
            trouble = nil
        } catch {
            trouble = "the last change could not be applied: \(error)"
            logger.error("change not applied: \(error)")
        }
    }

    // MARK: Draining

    /// Sends nothing new to the app's present tasks for so long.
    func drain(_ appID: String, for lease: Duration) async throws -> DrainReport {
        try requireInformed("drain \(appID)")
        let table = RoutingTable(apps: apps, domain: settings.current.domain)
        let tasks = table.routes.first { $0.appID == appID }?.targets.map(\.taskID) ?? []
        drains.drain(appID, tasks: Set(tasks), until: clock.now + lease)
        await settled()
        if let trouble {
            _ = drains.release(appID)
            throw HAProxyError(code: .system, operation: "drain \(appID)", message: trouble)
        }
        return try await drainReport(appID)
    }

    /// What is not known must not be reported as drained.
    private func requireInformed(_ operation: String) throws(HAProxyError) {
        guard isInformed else {
            throw HAProxyError(code: .system, operation: operation, message: "Marathon was not read yet")
        }
    }

    func release(_ appID: String) async throws -> DrainReport {
        if drains.release(appID) { await settled() }
        return try await drainReport(appID)
    }

    func drainReport(_ appID: String) async throws -> DrainReport {
        try requireInformed("ask for \(appID)")
        let table = RoutingTable(apps: apps, domain: settings.current.domain)
        let backend = table.routes.first { $0.appID == appID }?.backend
        let sessions = if let backend { try await driver.sessions(of: backend) } else { 0 }
        return DrainReport(app: appID, sessions: sessions, isDraining: drains.leases[appID] != nil)
    }

    /// Applies now, and waits for a round that is under way.
    private func settled() async {
        while isApplying { try? await clock.sleep(for: .milliseconds(2)) }
        await reapply()
    }

    // MARK: Reporting

    public func health() async -> Health {
        if let trouble { return .failing(trouble) }
        guard await driver.isRunning else { return .failing("HAProxy is not running") }
        return isInformed ? .healthy : .failing("Marathon was not read yet")
    }

    public func metrics() async -> [Metric] {
        let (backends, hosts) = (await driver.slots.backends.count, await driver.maps?.hosts.count ?? 0)
        return [
            Metric("flock_haproxy_reloads_total", .counter, Double(await driver.reloads), help: "Reloads of HAProxy."),
            Metric(
                "flock_haproxy_runtime_commands_total", .counter, Double(await driver.runtimeCommands),
                help: "Changes made without a reload."),
            Metric("flock_haproxy_backends", .gauge, Double(backends), help: "Backends in HAProxy."),
            Metric("flock_haproxy_hosts", .gauge, Double(hosts), help: "Host names that lead to an app."),
        ]
    }
}
