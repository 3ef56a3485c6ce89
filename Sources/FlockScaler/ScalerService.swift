import AsyncHTTPClient
public import FlockCore
import Foundation
import HAProxy
public import Logging
import Marathon
import NIOCore
import NIOHTTP1
public import ServiceLifecycle

/// Looks at HAProxy's statistics, decides for every app, and has it done.
public actor ScalerService: Service, Reporting {
    private let settings: LiveSettings
    private let logger: Logger
    private let http: HTTPClient
    private let marathon: MarathonClient
    private let state: StateFolder
    private let clock = ContinuousClock()

    private var reader = SampleReader()
    private var states: [String: ScaleState] = [:]
    private var reasons: [String: String] = [:]
    private var lastRequests: [String: Date] = [:]
    private var nodes: PartNodes?
    /// What does not answer, so that nothing sleeps.
    private var absent: String?
    /// Apps that are being put to sleep.
    private var falling: [String: Task<Void, Never>] = [:]
    /// Nodes that did not answer once, as during a start; and those that did not answer again.
    private var suspected: Set<String> = []
    private var silent: Set<String> = []
    /// A restart takes less; nobody has to hear of it.
    private static let patience = Duration.seconds(1)
    private var marathonFailingSince: ContinuousClock.Instant?
    private var isMarathonLost = false
    private var sleeps = 0
    private var disturbed = 0
    private var changes = 0

    public init(settings: LiveSettings, state: StateFolder, logger: Logger) {
        self.settings = settings
        self.state = state
        self.logger = logger
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        marathon = MarathonClient(settings: settings.current, state: state, http: http, patience: .short)
    }

    public func run() async throws {
        await cancelWhenGracefulShutdown { await self.lookRepeatedly() }
        // A sleep that has begun is finished: half of one would cost its app a lease.
        for work in falling.values { await work.value }
        try await http.shutdown()
    }

    private func lookRepeatedly() async {
        while !Task.isCancelled {
            await look()
            try? await clock.sleep(for: settings.current.scaler.every.duration)
        }
    }

    // MARK: A look

    private func look() async {
        let apps: [App]
        do {
            apps = try await marathon.apps()
            if isMarathonLost { logger.info("Marathon answers") }
            (isMarathonLost, marathonFailingSince) = (false, nil)
        } catch {
            let since = marathonFailingSince ?? clock.now
            marathonFailingSince = since
            if !isMarathonLost && clock.now - since >= Self.patience {
                isMarathonLost = true
                logger.warning("Marathon does not answer, nothing is scaled; trying again: \(error)")
            }
            return
        }
        let known = apps.compactMap(FlockApp.init)
        nodes = PartNodes(apps: apps, settings: settings.current.parts)
        await lookForAbsent()
        let samples = reader.read(
            await statistics(), usage: await usage(), backends: BackendNames.of(known.map(\.id)))
        let ids = Set(known.map(\.id))
        states = states.filter { ids.contains($0.key) }
        reasons = reasons.filter { ids.contains($0.key) }
        lastRequests = lastRequests.filter { ids.contains($0.key) }
        for app in known where falling[app.id] == nil { await decide(app, samples[app.id] ?? AppSample()) }
    }

    private func decide(_ app: FlockApp, _ sample: AppSample) async {
        let now = clock.now
        let policy = ScalePolicy(settings.current.scaler, app.scale)
        let situation = ScaleState.Situation(instances: app.app.instances, isDeploying: !app.app.deployments.isEmpty)
        var state = states[app.id] ?? ScaleState(at: now)
        let (decision, reason) = state.decide(sample, situation, policy, at: now)
        states[app.id] = state
        if !sample.isCounted && (sample.sessions > 0 || sample.arrivals > 0) {
            lastRequests[app.id] = Date()
        } else if let since = sample.sinceLast, sample.isCounted || lastRequests[app.id] == nil {
            lastRequests[app.id] = Date(timeIntervalSinceNow: -(since / .seconds(1)))
        }
        reasons[app.id] = reason
        switch decision {
        case .keep: break
        case .scale(let instances):
            do {
                _ = try await marathon.scale(app.id, to: instances)
                changes += 1
                logger.info(
                    "scaled",
                    metadata: [
                        "app": "\(app.id)", "from": "\(app.app.instances)", "to": "\(instances)", "why": "\(reason)",
                    ])
            } catch {
                logger.warning("not scaled: \(error)", metadata: ["app": "\(app.id)"])
            }
        case .sleep: falling[app.id] = Task { await self.putToSleep(app.id, reason) }
        }
    }

    private func putToSleep(_ appID: String, _ reason: String) async {
        let outcome = await sleep(appID)
        absent = nil
        switch outcome {
        case .asleep:
            sleeps += 1
            logger.info("asleep", metadata: ["app": "\(appID)", "why": "\(reason)"])
        case .disturbed(let by): notAsleep(appID, by)
        case .prevented(let by):
            absent = by
            notAsleep(appID, by)
        }
        falling[appID] = nil
    }

    private func sleep(_ appID: String) async -> SleepProcedure.Outcome {
        guard let nodes else { return .prevented("Marathon was not read yet") }
        if let missing = nodes.missing { return .prevented(missing) }
        return await SleepProcedure(
            backups: clients(.backup, at: nodes.backups), haproxies: clients(.haproxy, at: nodes.haproxies),
            marathon: marathon, logger: logger
        ).run(appID)
    }

    private func clients(_ part: StateFolder.Part, at addresses: [PartAddress]) -> [PartClient] {
        let parts = settings.current.parts
        return addresses.map { PartClient(part, at: $0, settings: parts, state: state, http: http) }
    }

    /// Whether those without whom nothing sleeps are back.
    private func lookForAbsent() async {
        guard absent != nil, let nodes, nodes.missing == nil else { return }
        for part in clients(.backup, at: nodes.backups) + clients(.haproxy, at: nodes.haproxies) {
            do {
                _ = try await part.open(.GET, "/health", timeout: .seconds(1))
            } catch let error as PartClient.Failure where error.code != .unreachable {
                // It is there.
            } catch {
                return
            }
        }
        absent = nil
    }

    private func notAsleep(_ appID: String, _ why: String) {
        disturbed += 1
        states[appID]?.wasDisturbed(at: clock.now)
        logger.info("not put to sleep", metadata: ["app": "\(appID)", "why": "\(why)"])
    }

    /// What every node's stick table says; `nil` when one does not answer.
    private func usage() async -> [[AppUsage]]? {
        guard let nodes, !nodes.haproxies.isEmpty else { return nil }
        return await withTaskGroup(of: [AppUsage]?.self) { group in
            for client in clients(.haproxy, at: nodes.haproxies) {
                group.addTask { try? await client.ask(.GET, "/v1/use", timeout: .seconds(2)) }
            }
            var all: [[AppUsage]] = []
            for await one in group {
                guard let one else { return nil }
                all.append(one)
            }
            return all
        }
    }

    /// BACKEND rows of every node; `nil` for one that does not answer, which is said once.
    private func statistics() async -> [String: [StatsRow]?] {
        await withTaskGroup(of: (String, [StatsRow]?).self) { group in
            for source in settings.current.statisticsSources {
                group.addTask {
                    do {
                        let response = try await self.http.execute(
                            HTTPClientRequest(url: source.absoluteString), timeout: .seconds(5))
                        guard response.status.code == 200 else { return (source.absoluteString, nil) }
                        let body = try await response.body.collect(upTo: 256 << 20)
                        return (
                            source.absoluteString,
                            try StatsCSV.rows(in: Array(body.readableBytesView), keeping: [.backend])
                        )
                    } catch {
                        return (source.absoluteString, nil)
                    }
                }
            }
            var nodes: [String: [StatsRow]?] = [:]
            for await (node, rows) in group {
                nodes[node] = .some(rows)
                if rows == nil, !silent.contains(node), !suspected.insert(node).inserted {
                    silent.insert(node)
                    logger.warning(
                        "HAProxy's statistics do not answer, nothing is taken away", metadata: ["node": "\(node)"])
                } else if rows != nil {
                    suspected.remove(node)
                    if silent.remove(node) != nil {
                        logger.info("HAProxy's statistics answer", metadata: ["node": "\(node)"])
                    }
                }
            }
            return nodes
        }
    }

    // MARK: Reporting

    /// What the scaler knows of one app.
    struct Activity: Encodable, Sendable {
        var app: String
        var lastRequest: Date?
        var sessions: Int
        var reason: String
    }

    func activities() -> [Activity] {
        states.sorted { $0.key < $1.key }.map { id, state in
            Activity(app: id, lastRequest: lastRequests[id], sessions: state.sessions, reason: reasons[id] ?? "")
        }
    }

    public func health() -> Health {
        if isMarathonLost { return .failing("Marathon does not answer") }
        if let absent { return .failing("nothing sleeps: \(absent)") }
        return silent.isEmpty ? .healthy : .failing("no statistics from \(silent.sorted().joined(separator: ", "))")
    }

    public func metrics() -> [Metric] {
        [
            Metric("flock_scaler_sleeps_total", .counter, Double(sleeps), help: "Apps put to sleep."),
            Metric("flock_scaler_disturbed_total", .counter, Double(disturbed), help: "Sleeps that were called off."),
            Metric("flock_scaler_changes_total", .counter, Double(changes), help: "Changes of instances."),
        ]
    }
}
