import AsyncHTTPClient
public import FlockCore
import Foundation
import HAProxy
public import Logging
import Marathon
public import ServiceLifecycle

/// Keeps one HAProxy true to Marathon: follows Marathon, finds out which tasks serve, and has the driver apply it.
public actor RoutingService: Service, Reporting {
    private let settings: LiveSettings
    private let logger: Logger
    private let driver: HAProxyDriver
    private let requests: RequestFeed
    private let marathon: MarathonClient
    private let http: HTTPClient
    private let clock = ContinuousClock()
    private var prober: ReadinessProber?

    private var apps: [String: App] = [:]
    /// Made of the apps with this domain; `nil` when it has to be made anew.
    private var made: (table: RoutingTable, domain: HostDomain)?
    /// Whether Marathon was read at least once: before, an empty table means nothing.
    private var isInformed = false
    private var unread = Unread.everything
    /// Tasks that answered their check.
    private var proven: Set<String> = []
    private var drains = DrainLeases()

    /// Rings when there is something to apply; one ring stands for all that came before the round it begins.
    private let bell = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    /// Rings when there is something to read of Marathon. On its own: a Marathon that hangs must not hold up leases.
    private let readingBell = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    /// Callers that wait for the end of a round that begins after they asked.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var reloadTimer: Task<Void, Never>?
    private var isStopping = false
    private var isMarathonLost = false
    /// Why the last round was not applied.
    private var failure: String?
    private var trouble: String? { isMarathonLost ? "Marathon does not answer" : failure }
    /// What the last round was made with.
    private var appliedSettings: Settings?

    /// - Throws: when HAProxy is not installed.
    public init(settings: LiveSettings, state: StateFolder, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        driver = try HAProxyDriver(settings: settings, folder: state.haproxy, logger: logger)
        requests = RequestFeed(
            settings: settings, paths: try HAProxyPaths(folder: state.haproxy), logger: logger)
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        marathon = MarathonClient(settings: settings.current, state: state, http: http, patience: .short)
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
            group.addTask { await self.readRepeatedly() }
            group.addTask { await self.work() }
            group.addTask { await self.watchHAProxy() }
            group.addTask { await self.keepTime() }
            group.addTask { await self.followCertificates() }
            group.addTask { await self.requests.run() }
            group.addTask { try? await gracefulShutdown() }
            await group.next()
            group.cancelAll()
        }
        await prober?.follow([])
        reloadTimer?.cancel()
        // HAProxy goes on without anybody to end the leases.
        if !drains.drains.isEmpty {
            drains = DrainLeases()
            await round()
        }
        await save()
        isStopping = true
        for caller in waiting { caller.resume() }
        waiting = []
        try await http.shutdown()
    }

    private func followMarathon() async {
        let feed = ChangeFeed(
            marathon,
            types: [
                "status_update_event", "health_status_changed_event", "instance_health_changed_event",
                "app_terminated_event", "api_post_event", "deployment_info", "deployment_success", "deployment_failed",
            ], poll: .seconds(30))
        for await signal in feed.signals().cancelOnGracefulShutdown() {
            switch signal {
            case .lost(let why):
                logger.warning("Marathon does not answer, routes stay as they are; trying again: \(why)")
                isMarathonLost = true
                // Until it was read again, it is not said to answer.
                unread = .everything
            case .connected:
                if isMarathonLost || !isInformed { logger.info("Marathon answers") }
                unread = .everything
            case .poll: unread = .everything
            case .event(let event): unread.add(event)
            }
            readingBell.continuation.yield()
        }
    }

    private func readRepeatedly() async {
        for await _ in readingBell.stream {
            await read()
            ring()
        }
    }

    private func ring() { bell.continuation.yield() }

    private func work() async {
        for await _ in bell.stream { await round() }
    }

    /// Applies what is known, if anything is.
    private func round() async {
        let callers = waiting
        waiting = []
        if isInformed { await apply() }
        for caller in callers { caller.resume() }
    }

    private func read() async {
        let wanted = unread
        unread = .nothing
        do {
            switch wanted {
            case .everything:
                apps = Dictionary(try await marathon.apps().map { ($0.id, $0) }) { first, _ in first }
                made = nil
                isInformed = true
            case .apps(let ids):
                for id in ids {
                    let app = try await marathon.app(id)
                    if made?.table.update(apps[id], to: app) != true { made = nil }
                    apps[id] = app
                }
            }
            isMarathonLost = false
        } catch {
            isMarathonLost = true
            unread = .everything
        }
    }

    private func prove(_ taskID: String) {
        proven.insert(taskID)
        ring()
    }

    private func keepTime() async {
        while !Task.isCancelled {
            try? await clock.sleep(for: .milliseconds(500))
            let before = drains
            drains.expire(at: clock.now)
            if isMarathonLost || !isInformed { readingBell.continuation.yield() }
            if before != drains || failure != nil || appliedSettings != settings.current { ring() }
            await save()
        }
    }

    private func followCertificates() async {
        while !Task.isCancelled {
            try? await clock.sleep(for: .seconds(2))
            do {
                try await driver.followCertificates()
            } catch {
                logger.error("certificates are not followed: \(error)")
            }
        }
    }

    private func save() async {
        do {
            try await driver.save()
        } catch {
            logger.error("HAProxy's files are not written: \(error)")
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
            ring()
        }
    }

    // MARK: Applying

    private func table() -> RoutingTable {
        let domain = settings.current.domain
        if let made, made.domain == domain { return made.table }
        let table = RoutingTable(apps: Array(apps.values), domain: domain)
        made = (table, domain)
        return table
    }

    private func apply() async {
        appliedSettings = settings.current
        let table = table()
        let targets = table.routes.flatMap(\.targets)
        proven.formIntersection(targets.map(\.taskID))
        proven.formUnion(targets.filter { $0.isAlive == true }.map(\.taskID))
        await prober?.follow(
            table.routes.flatMap { route in
                route.targets.filter { !proven.contains($0.taskID) && $0.isAlive != false }.map { ($0, route.check) }
            })
        do {
            let outcome = try await driver.apply(table) { [proven, drains] target, route in
                // What still runs of an app at zero is being killed.
                proven.contains(target.taskID) && target.isAlive != false && route.instances > 0
                    && !drains.contains(target.taskID, of: route.appID)
            }
            failure = nil
            if case .reloadDue(let moment) = outcome {
                reloadTimer?.cancel()
                reloadTimer = Task {
                    try? await clock.sleep(until: moment)
                    if !Task.isCancelled { ring() }
                }
            }
        } catch {
            failure = "the last change could not be applied: \(error)"
            logger.error("change not applied: \(error)")
        }
    }

    // MARK: Draining

    /// Sends nothing new to tasks of the app until released, or until the lease ends by itself.
    /// - Parameter tasks: their ids; `nil` for all that are there.
    /// - Returns: whether the lease was taken; not while it is another's.
    /// - Throws: when HAProxy could not be told.
    func drain(_ appID: String, tasks: Set<String>? = nil, _ lease: Lease) async throws -> Bool {
        try requireInformed("drain \(appID)")
        let present = table().routes.first { $0.appID == appID }?.targets.map(\.taskID) ?? []
        guard drains.drain(appID, tasks: tasks ?? Set(present), lease, at: clock.now) else { return false }
        CrashPoint.haproxyLeased.pass()
        await settled()
        if let trouble {
            _ = drains.release(appID, by: lease.holder)
            throw HAProxyError(code: .system, operation: "drain \(appID)", message: trouble)
        }
        return true
    }

    /// - Returns: whether the lease was still the holder's.
    func renewDrain(_ appID: String, _ lease: Lease) -> Bool { drains.renew(appID, lease, at: clock.now) }

    /// What is not known must not be reported as drained.
    private func requireInformed(_ operation: String) throws(HAProxyError) {
        guard isInformed else {
            throw HAProxyError(code: .system, operation: operation, message: "Marathon was not read yet")
        }
    }

    func release(_ appID: String, by holder: Lease.Holder) async {
        guard drains.release(appID, by: holder) else { return }
        CrashPoint.haproxyReleasing.pass()
        await settled()
    }

    func drainReport(_ appID: String, for holder: Lease.Holder) async throws -> DrainReport {
        try requireInformed("ask for \(appID)")
        let table = table()
        let backend = table.routes.first { $0.appID == appID }?.backend
        let sessions = if let backend { try await driver.sessions(of: backend) } else { BackendSessions() }
        return DrainReport(
            app: appID, sessions: sessions.all, tasks: sessions.byTask,
            isDraining: drains.isDrained(appID, by: holder, at: clock.now))
    }

    /// Waits for a round that begins now or later.
    private func settled() async {
        guard !isStopping else { return }
        await withCheckedContinuation {
            waiting.append($0)
            ring()
        }
    }

    // MARK: Reporting

    func usage() async throws -> [AppUsage] { try await driver.usage() }

    func closedApps() async -> [ClosedApp] { await driver.closed }

    public func health() async -> Health {
        if let trouble { return .failing(trouble) }
        guard await driver.isRunning else { return .failing("HAProxy is not running") }
        return isInformed ? .healthy : .failing("Marathon was not read yet")
    }

    public func metrics() async -> [Metric] {
        let (backends, hosts) = (await driver.slots.backends.count, await driver.maps[.hosts].count)
        return [
            Metric("flock_haproxy_reloads_total", .counter, Double(await driver.reloads), help: "Reloads of HAProxy."),
            Metric(
                "flock_haproxy_runtime_commands_total", .counter, Double(await driver.runtimeCommands),
                help: "Changes made without a reload."),
            Metric("flock_haproxy_backends", .gauge, Double(backends), help: "Backends in HAProxy."),
            Metric(
                "flock_haproxy_closed_apps", .gauge, Double(await driver.closed.count),
                help: "Apps that nobody is let in to, since HAProxy or Flock cannot read what they ask for."),
            Metric("flock_haproxy_hosts", .gauge, Double(hosts), help: "Host names that lead to an app."),
        ]
            + (await driver.expiry.map {
                [
                    Metric(
                        "flock_haproxy_certificate_expiry_seconds", .gauge, $0.timeIntervalSince1970,
                        help: "When the first certificate expires, in seconds since 1970.")
                ]
            } ?? [])
    }
}
