import FlockCore
import Foundation
import HAProxy
import Logging

/// Brings one HAProxy to what is wanted: through its runtime socket where that suffices, else by a reload.
///
/// ```
/// RoutingTable ─► SlotTable ─┬─► same structure: runtime socket
///                            └─► else: render, check, write, reload, confirm; or back to the last good
/// ```
actor HAProxyDriver {
    private let settings: LiveSettings
    private let logger: Logger
    private let paths: HAProxyPaths
    private let store: ConfigurationStore
    private let renderer: ConfigurationRenderer
    private let haproxy: HAProxyProcess
    private let runtime: RuntimeSocket
    private let clock = ContinuousClock()

    /// What HAProxy has now.
    private(set) var slots = SlotTable()
    private(set) var maps: (hosts: [HostToken: String], apps: [String: HAProxyName])?
    private var structure: String?
    private var needsResync = true
    private var lastReload: ContinuousClock.Instant?

    private(set) var reloads = 0
    private(set) var runtimeCommands = 0

    /// - Throws: when HAProxy is not installed.
    init(settings: LiveSettings, folder: String, logger: Logger) throws {
        self.settings = settings
        self.logger = logger
        paths = HAProxyPaths(folder: folder)
        store = ConfigurationStore(paths: paths)
        renderer = try ConfigurationRenderer()
        haproxy = try HAProxyProcess(files: paths.files, logger: logger)
        runtime = RuntimeSocket(path: paths.adminSocket)
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

    /// Returns when HAProxy has ended, or the task is cancelled.
    func terminated() async { await haproxy.terminated() }

    func stop() async throws {
        guard await haproxy.adopt() else { return }
        try await haproxy.stop(graceful: .seconds(2))
    }

    private static var isRoot: Bool { geteuid() == 0 }

    // MARK: Applying

    enum Outcome: Sendable, Hashable {
        case applied
        /// A reload is due, but the last one was a moment ago: apply again after this.
        case postponed
    }

    /// - Parameter isServing: whether requests may be sent to a task.
    /// - Throws: when HAProxy did not take the change; it serves on with what it had, and is looked at again at the
    ///   next one.
    func apply(
        _ table: RoutingTable, isServing: @Sendable (RoutingTable.Target, RoutingTable.Route) -> Bool
    ) async throws -> Outcome {
        do {
            return try await applyOnce(table, isServing)
        } catch {
            needsResync = true
            throw error
        }
    }

    private func applyOnce(
        _ table: RoutingTable, _ isServing: (RoutingTable.Target, RoutingTable.Route) -> Bool
    ) async throws -> Outcome {
        if needsResync { try await resync() }
        var next = slots
        let needsReload = next.makeRoom(for: table, everyApp: settings.current.http.style == .acl)
        next.fill(from: table, isServing)
        var files = render(table, next)
        guard needsReload || files.structure != structure else {
            try await change(to: next, files)
            return .applied
        }
        // Many apps that change at once share one reload.
        if let lastReload, clock.now - lastReload < .seconds(1) {
            if structure != nil {
                // Members of the backends that are there need not wait.
                var soon = slots
                soon.fill(from: table, isServing)
                let runtimeFiles = render(table, soon)
                if runtimeFiles.structure == structure { try await change(to: soon, runtimeFiles) }
            }
            try await clock.sleep(until: lastReload + .seconds(1))
            return .postponed
        }
        for backend in next.backends.keys
        where !table.routes.contains(where: { $0.backend == backend && $0.instances > 0 }) {
            next.drop(backend)
        }
        files = render(table, next)
        try await reload(next, files)
        return .applied
    }

    private func render(_ table: RoutingTable, _ slots: SlotTable) -> RenderedFiles {
        renderer.render(table, slots: slots, settings: settings.current, paths: paths, isRoot: Self.isRoot)
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

    // MARK: Sessions

    /// Requests and connections that a backend's servers carry, in old workers too; the backup server's not counted.
    func sessions(of backend: HAProxyName) async throws -> Int {
        var rows = try await runtime.statistics()
        for worker in try await haproxy.master.showProcesses().workers where worker.old {
            rows += try await haproxy.master.statistics(of: worker.pid)
        }
        return rows.filter {
            $0.kind == .server && $0.proxy == backend.rawValue && $0.server.hasPrefix("s")
                && !$0.server.hasPrefix("server")
        }
        .reduce(0) { $0 + $1.currentSessions }
    }
}
