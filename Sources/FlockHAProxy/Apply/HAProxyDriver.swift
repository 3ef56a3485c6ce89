import FlockCore
import Foundation
import HAProxy
import Logging

/// Brings one HAProxy to what is wanted: through its runtime socket where that suffices, else by a reload.
///
/// ```
/// RoutingTable ─► SlotTable ─┬─► same structure: runtime socket, and the files a moment later
///                            └─► else: render, check, write, reload, confirm; or back to the last good
/// ```
actor HAProxyDriver {
    /// Changes that come together share a reload.
    static let gathering = Duration.milliseconds(100)
    /// How much of the time HAProxy may spend on reloads: at 10,000 backends one takes a second, at ten some 70 ms.
    static let share = 0.2

    private let settings: LiveSettings
    private let logger: Logger
    private let paths: HAProxyPaths
    private let store: ConfigurationStore
    private var renderer: ConfigurationRenderer
    /// How many a HAProxy that is started now may have.
    private let openFiles: Int
    private let haproxy: HAProxyProcess
    private let runtime: RuntimeSocket
    private let trial: PlanTrial
    private let reader: UsageReader
    private let certificates: CertificateFeed
    /// Applying and following certificates: what one told a worker that is being replaced would be lost.
    private let turn = Turn()
    private let clock = ContinuousClock()

    /// What HAProxy has now.
    private(set) var slots = SlotTable()
    private(set) var maps = RoutingMaps()
    private var structure: String?
    private var needsResync = true

    private var retention = BackendRetention()
    private var quarantine = Quarantine()
    /// Digests of the parts that HAProxy has taken.
    private var accepted: Set<Data> = []
    private(set) var closed: [ClosedApp] = []
    /// What each backend does with its app's requests, as far as HAProxy has it.
    private var standing: [HAProxyName: BackendOptions] = [:]
    /// Changed through the socket since the files were written.
    private var unsaved: RoutingPlan?
    private var reloadDue: ContinuousClock.Instant?
    /// Not before the last reload has paid its share.
    private var nextReload: ContinuousClock.Instant?

    /// What was said of it already.
    private var connections: ConnectionLimit?

    private(set) var reloads = 0
    private(set) var runtimeCommands = 0

    /// - Parameters:
    ///   - binary: another HAProxy than the one on the path.
    ///   - openFiles: how many it may have.
    /// - Throws: when HAProxy is not installed, or cannot read files in the folder.
    init(
        settings: LiveSettings, folder: String, binary: String? = nil, openFiles: Int = OpenFiles.limit.hard,
        logger: Logger
    ) throws {
        self.settings = settings
        self.openFiles = openFiles
        self.logger = logger
        paths = try HAProxyPaths(folder: folder)
        store = ConfigurationStore(paths: paths)
        renderer = try ConfigurationRenderer(paths: paths, isRoot: geteuid() == 0, openFiles: openFiles)
        haproxy = try HAProxyProcess(binary: binary, files: paths.files, logger: logger)
        runtime = RuntimeSocket(path: paths.adminSocket)
        trial = PlanTrial(haproxy: haproxy, store: store)
        reader = UsageReader(runtime: runtime, master: haproxy.master)
        certificates = CertificateFeed(
            settings: settings, paths: paths, haproxy: haproxy, runtime: runtime, logger: logger)
    }

    // MARK: The process

    var isRunning: Bool { get async { await haproxy.isRunning } }

    /// Whether an HAProxy of an earlier run serves already.
    func adopt() async -> Bool { await haproxy.adopt() }

    /// Takes over the HAProxy of an earlier run, or starts one with the files that are there.
    func start() async throws {
        try store.prepare()
        needsResync = true
        if await haproxy.adopt() {
            logger.info("HAProxy is running already, taking it over")
            // It keeps what it was started with, and refuses a reload that asks for more.
            renderer.openFiles = await haproxy.openFiles ?? openFiles
            try await certificates.adopt()
            return
        }
        renderer.openFiles = openFiles
        try await certificates.prepare()
        if !FileManager.default.fileExists(atPath: paths.configuration) {
            try store.write(nothing())
        }
        do {
            try await haproxy.start()
        } catch {
            try await startAnyhow(after: error)
        }
        await certificates.reloaded()
        try store.keepAsGood()
        logger.info("HAProxy started", metadata: ["listen": "\(settings.current.http.listen)"])
    }

    /// The files may be of an older version, half of a change, or name a port that has been somebody else's since.
    private func startAnyhow(after error: any Error) async throws {
        if store.restoreGood(), (try? await haproxy.start()) != nil {
            logger.warning("HAProxy does not start with its files, using the last good ones: \(error)")
            return
        }
        logger.warning("HAProxy does not start with its files, beginning with none: \(error)")
        try store.write(nothing())
        try await haproxy.start()
    }

    /// What HAProxy begins with: its listeners, and no app.
    private func nothing() -> RenderedFiles {
        let table = RoutingTable(apps: [], domain: settings.current.domain)
        return renderer.render(RoutingPlan(table: table, slots: SlotTable(), settings: settings.current))
    }

    /// Returns when HAProxy has ended, or the task is cancelled.
    func terminated() async { await haproxy.terminated() }

    func stop() async throws {
        guard await haproxy.adopt() else { return }
        try await haproxy.stop(graceful: .seconds(2))
    }

    // MARK: Applying

    enum Outcome: Sendable, Hashable {
        case applied
        /// What the runtime socket can do is done; apply again at this time for the rest, which needs a reload.
        case reloadDue(ContinuousClock.Instant)
    }

    /// - Parameter isServing: whether requests may be sent to a task.
    /// - Throws: when HAProxy did not take the change; it serves on with what it had, and is looked at again at the
    ///   next one.
    func apply(
        _ table: RoutingTable, isServing: @Sendable (RoutingTable.Target, RoutingTable.Route) -> Bool
    ) async throws -> Outcome {
        await turn.take()
        do {
            let outcome = try await applyOnce(table, isServing)
            await turn.pass()
            return outcome
        } catch {
            needsResync = true
            await turn.pass()
            throw error
        }
    }

    private func applyOnce(
        _ table: RoutingTable, _ isServing: (RoutingTable.Target, RoutingTable.Route) -> Bool
    ) async throws -> Outcome {
        if needsResync { try await resync() }
        let now = clock.now
        retention.look(at: slots, table, now: now)
        var plan = RoutingPlan(table: table, slots: slots, settings: settings.current)
        let lacksRoom = plan.slots.makeRoom(for: table, everyApp: plan.isACL)
        plan.slots.fill(from: table, isServing)
        review(&plan)
        if !lacksRoom, renderer.structure(of: plan) == structure {
            reloadDue = nil
            standing = plan.optionsByBackend
            try await change(to: plan)
            return .applied
        }
        let due = reloadDue ?? max(now + Self.gathering, nextReload ?? now)
        reloadDue = due
        guard structure == nil || now >= due else {
            // Members of the backends that are there need not wait, nor who is drained.
            plan.slots = slots
            plan.slots.fill(from: table, isServing)
            plan.awaitGuards(standing)
            try await change(to: plan)
            return .reloadDue(due)
        }
        reloadDue = nil
        for backend in retention.leaving(table, now: now) { plan.slots.drop(backend) }
        try await reload(plan)
        return .applied
    }

    /// Leaves out the apps that HAProxy has refused, as long as they are what they were then.
    private func review(_ plan: inout RoutingPlan) {
        if !quarantine.entries.isEmpty {
            let routes = Dictionary(plan.table.routes.map { ($0.appID, $0) }) { first, _ in first }
            quarantine.review { id in routes[id].map { renderer.structure(of: $0, in: plan) } }
            plan.quarantined = Set(quarantine.entries.keys)
        }
        closed = closedApps(of: plan)
    }

    private func closedApps(of plan: RoutingPlan) -> [ClosedApp] {
        quarantine.entries.sorted { $0.key < $1.key }.map { ClosedApp(app: $0.key, reason: $0.value.reason) }
            + plan.table.routes.filter { $0.options == nil }
            .map { ClosedApp(app: $0.appID, reason: "its label \(Label.http) cannot be understood") }
    }

    /// The cheap way: microseconds a server, and nobody notices.
    private func change(to plan: RoutingPlan) async throws {
        let maps = plan.maps
        let commands =
            slots.changes(to: plan.slots) + (plan.isACL ? [] : self.maps.changes(to: maps, path: paths.map))
        if !commands.isEmpty {
            try await runtime.run(commands)
            runtimeCommands += commands.count
            unsaved = plan
            CrashPoint.haproxyCommanded.pass()
        }
        slots = plan.slots
        self.maps = maps
    }

    /// Writes what was changed through the socket: should HAProxy be started again, it starts with that.
    func save() throws {
        guard let plan = unsaved else { return }
        let files = renderer.render(plan)
        try store.write(files)
        // Where a reload is due, HAProxy has not taken these yet; that reload makes them the good ones.
        if files.structure == structure { try store.keepAsGood() }
        unsaved = nil
    }

    /// When the first of the certificates expires that HAProxy serves; `nil` without TLS.
    var expiry: Date? { get async { await certificates.served?.certificates.values.map(\.expiry).min() } }

    /// Brings HAProxy the certificates that have changed.
    func followCertificates() async throws {
        await turn.take()
        do {
            if try await certificates.follow() == .needsReload, nextReload.map({ $0 <= clock.now }) ?? true {
                try save()
                try await reloadHAProxy()
                reloads += 1
            }
            await turn.pass()
        } catch {
            await turn.pass()
            throw error
        }
    }

    private func reload(_ wanted: RoutingPlan) async throws {
        try await certificates.prepare()
        let plan = try await sound(wanted)
        let files = renderer.render(plan)
        tellConnections(of: plan)
        try store.write(files)
        CrashPoint.haproxyWritten.pass()
        unsaved = nil
        do {
            try await reloadHAProxy()
        } catch {
            logger.error("HAProxy refused the new configuration, going back to the last good one: \(error)")
            if store.restoreGood() { try? await reloadHAProxy() }
            throw error
        }
        CrashPoint.haproxyReloaded.pass()
        reloads += 1
        slots = plan.slots
        maps = files.maps
        structure = files.structure
        standing = plan.optionsByBackend
        accepted = Set(plan.routes.map { renderer.structure(of: $0, in: plan) })
        try store.keepAsGood()
        logger.info(
            "HAProxy reloaded",
            metadata: ["backends": "\(slots.backends.count)", "hosts": "\(maps[.hosts].count)"])
    }

    private func reloadHAProxy() async throws {
        let began = clock.now
        defer { nextReload = began + (clock.now - began) / Self.share }
        try await haproxy.master.reload(confirm: .seconds(30))
        await certificates.reloaded()
    }

    private func tellConnections(of plan: RoutingPlan) {
        let limit = renderer.connections(of: plan)
        guard limit != connections else { return }
        connections = limit
        guard limit.count < limit.wanted else { return }
        logger.warning(
            """
            HAProxy may open too few files to take as many connections as it should: raise LimitNOFILE= of the unit \
            that starts it, or "ulimit -Hn", and start HAProxy anew
            """,
            metadata: [
                "connections": "\(limit.count)", "wanted": "\(limit.wanted)", "files": "\(renderer.openFiles)",
                "files wanted": "\(limit.lacking(of: renderer.openFiles))",
            ])
    }

    /// The plan without the apps that HAProxy would refuse: one bad app must not keep the others from being served.
    /// - Throws: when it is no app's fault.
    private func sound(_ wanted: RoutingPlan) async throws -> RoutingPlan {
        let refusal = try await trial.refusal(
            of: wanted, suspecting: wanted.routes.filter { !accepted.contains(renderer.structure(of: $0, in: wanted)) }
        ) { renderer.render($0) }
        guard let refusal else { return wanted }
        for route in refusal.routes {
            let structure = renderer.structure(of: route, in: wanted)
            quarantine.add(route.appID, structure, reason: "HAProxy refuses it: \(refusal.complaint.message)")
            logger.error(
                "HAProxy refuses this app's part of its configuration; the app is closed, the others are served",
                metadata: ["app": "\(route.appID)", "why": "\(refusal.complaint.message)"])
        }
        closed = closedApps(of: wanted)
        return wanted.without(refusal.routes)
    }

    /// Learns what HAProxy has, after our start or when something went wrong.
    private func resync() async throws {
        var found = SlotTable()
        found.adopt(try await runtime.servers())
        slots = found
        if settings.current.http.style == .map {
            if let known = try await runningMaps() {
                (maps, structure) = (known, store.structure)
            } else {
                // It runs another style, or the file of an older flock-haproxy: a reload is what helps.
                (maps, structure) = (RoutingMaps(), nil)
            }
        } else {
            (maps, structure) = (RoutingMaps(), store.structure)
        }
        needsResync = false
    }

    /// The maps that HAProxy has; `nil` when it lacks one.
    private func runningMaps() async throws -> RoutingMaps? {
        var maps = RoutingMaps()
        for name in RoutingMaps.Name.allCases {
            let path = paths.map(name)
            do {
                let entries = try await runtime.map(path)
                maps.adopt(entries, as: name)
            } catch {
                guard error.code == .refused else { throw error }
                return nil
            }
        }
        return maps
    }

    // MARK: Use

    /// Requests and connections that a backend's servers carry, in old workers too.
    func sessions(of backend: HAProxyName) async throws -> BackendSessions {
        let byServer = try await reader.sessions(of: backend, isPresent: slots.backends[backend] != nil)
        return BackendSessions(byServer, slots: slots.backends[backend] ?? [])
    }

    /// How the apps are used that HAProxy remembers.
    func usage() async throws -> [AppUsage] { try await reader.usage() }
}
