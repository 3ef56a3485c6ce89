import AsyncHTTPClient
public import FlockCore
import Foundation
import HAProxy
public import Logging
import Marathon
public import ServiceLifecycle

/// Keeps one HAProxy true to Marathon.
///
/// ```
/// Marathon ─► RoutingTable ─► SlotTable ─┬─► same structure: runtime socket
///                                        └─► else: render, check, write, reload, confirm; or back to the last good
/// ```
public actor RoutingService: Service, Reporting {
    private let settings: LiveSettings
    private let logger: Logger
    private let paths: HAProxyPaths
    private let store: ConfigurationStore
    private let renderer: ConfigurationRenderer
    private let haproxy: HAProxyProcess
    private let runtime: RuntimeSocket
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

    /// What HAProxy has now.
    private var slots = SlotTable()
    private var maps: (hosts: [HostToken: String], apps: [String: HAProxyName])?
    private var structure: String?
    private var needsResync = true
    private var lastReload: ContinuousClock.Instant?

    private var isApplying = false
    private var isDirty = false
    private var trouble: String?
    private var reloads = 0
    private var runtimeCommands = 0

    /// - Throws: when HAProxy is not installed.
    public init(settings: LiveSettings, state: StateFolder, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        paths = HAProxyPaths(folder: state.haproxy)
        store = ConfigurationStore(paths: paths)
        renderer = try ConfigurationRenderer()
        haproxy = try HAProxyProcess(files: paths.files, logger: logger)
        runtime = RuntimeSocket(path: paths.adminSocket)
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        marathon = MarathonClient(settings: settings.current, state: state, http: http)
    }

    /// Whether an HAProxy of an earlier run serves already, so that its ports are ours.
    public func isServing() async -> Bool { await haproxy.adopt() }

    /// Ends HAProxy itself; ``run()`` leaves it serving.
    public func stopHAProxy() async throws {
        guard await haproxy.adopt() else { return }
        try await haproxy.stop(graceful: .seconds(2))
    }

    /// For a service that does not run: ends the HAProxy that an earlier one left behind.
    public func stopLeftovers() async throws {
        try await stopHAProxy()
        try await http.shutdown()
    }

    // MARK: Running

    public func run() async throws {
        try store.prepare()
        try await startHAProxy()
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
            await haproxy.terminated()
            if Task.isCancelled { return }
            logger.error("HAProxy is gone, starting it again")
            do {
                try await startHAProxy()
            } catch {
                logger.error("HAProxy does not start: \(error)")
                try? await clock.sleep(for: .seconds(1))
            }
            await reapply()
        }
    }

    private func startHAProxy() async throws {
        needsResync = true
        if await haproxy.adopt() {
            logger.info("HAProxy is running already, taking it over")
            return
        }
        if store.structure == nil {
            let empty = renderer.render(
                RoutingTable(apps: [], domain: settings.current.domain), slots: SlotTable(), settings: settings.current,
                paths: paths, isRoot: Self.isRoot)
            try store.write(empty)
        }
        do {
            try await haproxy.start()
        } catch {
            // The files may be of an older version, or half of a change.
            guard store.restoreGood() else { throw error }
            logger.warning("HAProxy does not start with its files, using the last good ones: \(error)")
            try await haproxy.start()
        }
        logger.info("HAProxy started", metadata: ["listen": "\(settings.current.http.listen)"])
    }

    private static var isRoot: Bool { geteuid() == 0 }

    // MARK: Applying

    private func apply() async {
        do {
            try await applyOrThrow()
            trouble = nil
        } catch {
            trouble = "the last change could not be applied: \(error)"
            needsResync = true
            logger.error("change not applied: \(error)")
        }
    }

    private func applyOrThrow() async throws {
        if needsResync { try await resync() }
        let settings = settings.current
        let table = RoutingTable(apps: apps, domain: settings.domain)
        let present = Set(table.routes.flatMap(\.targets).map(\.taskID))
        proven.formIntersection(present)
        for target in table.routes.flatMap(\.targets) where target.isAlive == true { proven.insert(target.taskID) }
        await prober?.follow(
            table.routes.flatMap { route in
                route.targets.filter { !proven.contains($0.taskID) && $0.isAlive != false }.map { ($0, route.check) }
            })

        var next = slots
        let needsReload = plan(table, &next)
        var files = renderer.render(table, slots: next, settings: settings, paths: paths, isRoot: Self.isRoot)
        if needsReload || files.structure != structure {
            // Many apps that change at once share one reload.
            if let lastReload, clock.now - lastReload < .seconds(1) {
                if structure != nil {
                    // Members of the backends that are there need not wait.
                    var soon = slots
                    fill(table, &soon)
                    let runtimeFiles = renderer.render(
                        table, slots: soon, settings: settings, paths: paths, isRoot: Self.isRoot)
                    if runtimeFiles.structure == structure { try await change(to: soon, runtimeFiles) }
                }
                try await clock.sleep(until: lastReload + .seconds(1))
                isDirty = true
                return
            }
            for backend in next.backends.keys
            where !table.routes.contains(where: { $0.backend == backend && $0.instances > 0 }) {
                next.drop(backend)
            }
            files = renderer.render(table, slots: next, settings: settings, paths: paths, isRoot: Self.isRoot)
            try await reload(next, files)
        } else {
            try await change(to: next, files)
        }
    }

    /// - Returns: whether HAProxy lacks a backend or slots for this.
    private func plan(_ table: RoutingTable, _ slots: inout SlotTable) -> Bool {
        var needsReload = false
        let isACL = settings.current.http.style == .acl
        for route in table.routes where route.instances > 0 || !route.targets.isEmpty || isACL {
            let wanted = max(route.targets.count, route.instances)
            guard !slots.fits(route.backend, tasks: max(1, wanted)) else { continue }
            slots.grow(route.backend, to: SlotTable.count(for: wanted))
            needsReload = true
        }
        fill(table, &slots)
        return needsReload
    }

    private func fill(_ table: RoutingTable, _ slots: inout SlotTable) {
        let routes = Dictionary(table.routes.map { ($0.backend, $0) }) { first, _ in first }
        for backend in slots.backends.keys {
            guard let route = routes[backend] else {
                slots.assign([], to: backend)
                continue
            }
            slots.recognise(route.targets, in: backend)
            slots.assign(
                route.targets.map { target in
                    let isReady =
                        proven.contains(target.taskID) && target.isAlive != false
                        && !drains.contains(target.taskID, of: route.appID)
                    return (target.taskID, target.address, isReady)
                }, to: backend)
        }
    }

    /// The cheap way: microseconds a server, and nobody notices.
    private func change(to next: SlotTable, _ files: RenderedFiles) async throws {
        var commands = slots.changes(to: next)
        if settings.current.http.style == .map {
            commands += Self.changes(from: maps?.hosts ?? [:], to: files.hosts, path: paths.hostsMap) {
                ($0.rawValue, $1)
            }
            commands += Self.changes(from: maps?.apps ?? [:], to: files.apps, path: paths.appsMap) { ($0, $1.rawValue) }
        }
        guard !commands.isEmpty || maps == nil else {
            slots = next
            return
        }
        // Should HAProxy be started again, it starts with this.
        try store.write(files)
        if !commands.isEmpty {
            try await runtime.run(commands)
            runtimeCommands += commands.count
        }
        slots = next
        maps = (files.hosts, files.apps)
        try store.keepAsGood()
    }

    private func reload(_ next: SlotTable, _ files: RenderedFiles) async throws {
        let candidate = try store.writeCandidate(files)
        try await haproxy.check(configuration: candidate)
        try store.write(files)
        lastReload = clock.now
        do {
            try await haproxy.master.reload(confirm: .seconds(30))
        } catch {
            logger.error("HAProxy refused the new configuration, going back to the last good one: \(error)")
            if store.restoreGood() { _ = try? await haproxy.master.reload(confirm: .seconds(30)) }
            throw error
        }
        reloads += 1
        slots = next
        maps = (files.hosts, files.apps)
        structure = files.structure
        try store.keepAsGood()
        logger.info(
            "HAProxy reloaded", metadata: ["backends": "\(next.backends.count)", "hosts": "\(files.hosts.count)"])
    }

    /// Learns what HAProxy has, after our start or when something went wrong.
    private func resync() async throws {
        var found = SlotTable()
        found.adopt(try await runtime.servers())
        slots = found
        structure = store.structure
        if settings.current.http.style == .map, let hostsMap = PathToken(paths.hostsMap),
            let appsMap = PathToken(paths.appsMap)
        {
            let hosts = try await runtime.map(hostsMap)
            let apps = try await runtime.map(appsMap)
            maps = (
                Dictionary(hosts.compactMap { entry in HostToken(entry.key).map { ($0, entry.value) } }) { first, _ in
                    first
                },
                Dictionary(apps.compactMap { entry in HAProxyName(entry.value).map { (entry.key, $0) } }) { first, _ in
                    first
                }
            )
        } else {
            maps = nil
        }
        needsResync = false
    }

    private static func changes<Key: Hashable, Value: Hashable>(
        from old: [Key: Value], to new: [Key: Value], path: String, text: (Key, Value) -> (String, String)
    ) -> [RuntimeCommand] {
        guard let path = PathToken(path) else { return [] }
        var commands: [RuntimeCommand] = []
        for (key, value) in new where old[key] != value {
            let (keyText, valueText) = text(key, value)
            guard let keyToken = MapToken(keyText), let valueToken = MapToken(valueText) else { continue }
            commands.append(
                old[key] == nil
                    ? .addMap(path: path, key: keyToken, value: valueToken)
                    : .setMap(path: path, key: keyToken, value: valueToken))
        }
        for (key, value) in old where new[key] == nil {
            if let keyToken = MapToken(text(key, value).0) { commands.append(.delMap(path: path, key: keyToken)) }
        }
        return commands
    }

    // MARK: Draining

    /// How far an app's draining is.
    struct DrainReport: Encodable, Sendable {
        var app: String
        /// Requests and connections that its tasks still carry, in old HAProxy workers too.
        var sessions: Int
        /// Whether a lease holds; without, the app serves as usual.
        var isDraining: Bool
    }

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
        guard let backend = table.routes.first(where: { $0.appID == appID })?.backend.rawValue else {
            return DrainReport(app: appID, sessions: 0, isDraining: drains.leases[appID] != nil)
        }
        var rows = try await runtime.statistics()
        for worker in try await haproxy.master.showProcesses().workers where worker.old {
            rows += try await haproxy.master.statistics(of: worker.pid)
        }
        let servers = rows.filter {
            $0.kind == .server && $0.proxy == backend && $0.server.hasPrefix("s") && !$0.server.hasPrefix("server")
        }
        return DrainReport(
            app: appID, sessions: servers.reduce(0) { $0 + $1.currentSessions }, isDraining: drains.leases[appID] != nil
        )
    }

    /// Applies now, and waits for a round that is under way.
    private func settled() async {
        while isApplying { try? await clock.sleep(for: .milliseconds(2)) }
        await reapply()
    }

    // MARK: Reporting

    public func health() async -> Health {
        if let trouble { return .failing(trouble) }
        guard await haproxy.isRunning else { return .failing("HAProxy is not running") }
        return isInformed ? .healthy : .failing("Marathon was not read yet")
    }

    public func metrics() -> [Metric] {
        [
            Metric("flock_haproxy_reloads_total", .counter, Double(reloads), help: "Reloads of HAProxy."),
            Metric(
                "flock_haproxy_runtime_commands_total", .counter, Double(runtimeCommands),
                help: "Changes made without a reload."),
            Metric("flock_haproxy_backends", .gauge, Double(slots.backends.count), help: "Backends in HAProxy."),
            Metric(
                "flock_haproxy_hosts", .gauge, Double(maps?.hosts.count ?? 0), help: "Host names that lead to an app."),
        ]
    }
}
