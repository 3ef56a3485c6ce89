import AsyncHTTPClient
public import FlockCore
import Foundation
import HAProxy
public import Logging
import Marathon
public import ServiceLifecycle

/// Looks at HAProxy's statistics, decides for every app, and has it done.
public actor ScalerService: Service, Reporting {
    private let settings: LiveSettings
    private let logger: Logger
    private let http: HTTPClient
    private let marathon: MarathonClient
    private let parts: Parts
    private let follower: FleetFollower
    private let poller: StatisticsPoller
    private let clock = ContinuousClock()
    private let began = ContinuousClock.now

    private var reader = SampleReader()
    private var fleet = Fleet()
    /// The generation of apps that is remembered.
    private var known = 0
    /// Of apps that are awake.
    private var states: [String: ScaleState] = [:]
    private var sessions: [String: Int] = [:]
    private var log = DecisionLog()
    private var lastRequests: [String: Date] = [:]
    private var lastLook: Double?
    private var nodes: PartNodes?
    private let turn = ScalerTurn()
    private var isOurTurn = true
    /// What does not answer, so that nothing sleeps.
    private var absent: String?
    /// What is being done about an app.
    private var acts: [String: Task<Void, Never>] = [:]
    /// What Marathon refused is asked again after this.
    private var resting: [String: ContinuousClock.Instant] = [:]
    private static let rest = Duration.seconds(5)
    /// Apps about which something was done since Marathon was read.
    private var ended: Set<String> = []
    /// Tasks whose requests did not end when they were to go.
    private var lingering: [String: Set<String>] = [:]
    private var sleeps = 0
    private var disturbed = 0
    private var changes = 0
    private var looks = 0
    private var lookTime = Duration.zero
    private var isMarathonLost = false

    /// HAProxy and the scaler spend at most this share of their time on looks.
    private static let share = 10
    /// However slow HAProxy is.
    private static let longest = Duration.seconds(5)
    /// Until the next look, where Marathon did not answer.
    private static let retry = Duration.seconds(1)

    public init(settings: LiveSettings, state: StateFolder, logger: Logger) {
        self.settings = settings
        self.logger = logger
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        marathon = MarathonClient(settings: settings.current, state: state, http: http, patience: .short)
        parts = Parts(settings: settings, state: state, http: http)
        follower = FleetFollower(marathon, settings: settings, logger: logger)
        poller = StatisticsPoller(http: http, logger: logger)
    }

    public func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.follower.run() }
            group.addTask { await self.lookRepeatedly() }
            group.addTask { await self.keepTurn() }
            group.addTask { try? await gracefulShutdown() }
            await group.next()
            group.cancelAll()
        }
        // A sleep that has begun is finished: half of one would cost its app a lease.
        for act in acts.values { await act.value }
        if let nodes, isOurTurn, await !turn.giveBack(parts.backups(nodes)) {
            logger.info("its turn is not given back, and ends by itself: a flock-backup does not answer")
        }
        try await http.shutdown()
    }

    private func lookRepeatedly() async {
        while !Task.isCancelled {
            let start = clock.now
            await look()
            let took = clock.now - start
            (looks, lookTime) = (looks + 1, lookTime + took)
            // Who does not answer is waited for, which costs nobody anything.
            let busy = min(await poller.took * Self.share, Self.longest)
            var pause = max(settings.current.scaler.every.duration, busy)
            if isMarathonLost { pause = min(pause, Self.retry) }
            try? await clock.sleep(until: start + pause)
        }
    }

    /// A look may take longer than the lease, and the next one may be far.
    private func keepTurn() async {
        while !Task.isCancelled {
            try? await clock.sleep(for: ScalerTurn.pause)
            // Who cannot act leaves it to those who can.
            guard !isMarathonLost, let nodes else { continue }
            await takeTurn(nodes)
        }
    }

    private func takeTurn(_ nodes: PartNodes) async {
        let isTaken = await turn.take(parts.backups(nodes))
        if isTaken != isOurTurn { logger.info(isTaken ? "acts" : "watches, another flock-scaler acts") }
        isOurTurn = isTaken
    }

    // MARK: A look

    private func look() async {
        ended = []
        do {
            fleet = try await follower.current()
            isMarathonLost = false
        } catch {
            isMarathonLost = true
            return
        }
        let nodes = PartNodes(apps: fleet.parts, settings: settings.current.parts)
        self.nodes = nodes
        if lastLook == nil { await takeTurn(nodes) }
        await lookForAbsent(nodes)
        async let rows = poller.poll(settings.current.statisticsSources)
        async let usage = parts.usage(nodes)
        let watched = fleet.watched.compactMap { fleet.members[$0] }
        let awake = watched.filter { $0.instances > 0 }.map { ($0.backend, $0.id) }
        let samples = reader.read(
            await rows, usage: await usage, apps: Dictionary(awake) { first, _ in first })
        forgetOthers()
        let (now, date) = ((clock.now - began) / .seconds(1), Date())
        for id in states.keys where !fleet.watched.contains(id) { fellAsleep(id, date) }
        // Most apps have the same hours, and it is the same moment for all.
        var hours: [AwakeSchedule: Bool] = [:]
        for member in watched {
            var isKeptAwake = member.policy.min > 0
            for schedule in member.policy.awake where !isKeptAwake {
                let isNow = hours[schedule] ?? schedule.contains(date)
                hours[schedule] = isNow
                isKeptAwake = isNow
            }
            isKeptAwake = isKeptAwake && member.isReleased
            decide(member, isKeptAwake: isKeptAwake, samples[member.id] ?? AppSample(), at: now, date)
        }
        lastLook = now
    }

    private func forgetOthers() {
        guard known != fleet.generation else { return }
        known = fleet.generation
        let members = fleet.members
        states = states.filter { members[$0.key] != nil }
        sessions = sessions.filter { members[$0.key] != nil }
        lingering = lingering.filter { members[$0.key] != nil }
        resting = resting.filter { members[$0.key] != nil }
        lastRequests = lastRequests.filter { members[$0.key] != nil }
        log.keep { members[$0] != nil }
    }

    private func decide(
        _ member: Fleet.Member, isKeptAwake: Bool, _ sample: AppSample, at now: Double, _ date: Date
    ) {
        let id = member.id
        if member.instances == 0 && !isKeptAwake { return fellAsleep(id, date) }
        let situation = ScaleState.Situation(
            instances: member.instances, ready: member.ready, isDeploying: member.isDeploying,
            isKeptAwake: isKeptAwake)
        // One that was asleep at the last look comes from nothing; at the first look nobody knows.
        let verdict = states[id, default: lastLook.map(ScaleState.init(asleepAt:)) ?? ScaleState()]
            .decide(sample, situation, member.rules, at: now)
        sessions[id] = sample.inFlight
        noteUse(of: id, sample, date)
        var record = DecisionRecord(verdict, sample, situation, at: date)
        if verdict.action != .keep && !isOurTurn { record.prevented = "another flock-scaler acts" }
        log.add(record, of: id)
        if record.prevented == nil { act(verdict, on: id, from: member.instances) }
    }

    private func fellAsleep(_ id: String, _ date: Date) {
        guard states.removeValue(forKey: id) != nil else { return }
        sessions[id] = nil
        let situation = ScaleState.Situation(instances: 0, ready: 0)
        let verdict = ScaleVerdict(action: .keep, wanted: 0, rule: .asleep)
        log.add(DecisionRecord(verdict, AppSample(), situation, at: date), of: id)
    }

    private func noteUse(of id: String, _ sample: AppSample, _ date: Date) {
        if !sample.isCounted && (sample.inFlight > 0 || sample.arrivals > 0) {
            lastRequests[id] = date
        } else if let since = sample.sinceLast, sample.isCounted || lastRequests[id] == nil {
            lastRequests[id] = date.addingTimeInterval(-since)
        }
    }

    // MARK: Acting

    private func act(_ verdict: ScaleVerdict, on id: String, from instances: Int) {
        // What was read may be older than what was done.
        guard acts[id] == nil, !ended.contains(id), resting[id].map({ $0 <= clock.now }) ?? true else { return }
        resting[id] = nil
        guard verdict.action != .keep else { return }
        acts[id] = Task { await self.carryOut(verdict, on: id, from: instances) }
    }

    private func carryOut(_ verdict: ScaleVerdict, on id: String, from instances: Int) async {
        var lingering = lingering[id] ?? []
        let outcome = await Act(parts: parts, nodes: nodes, marathon: marathon, logger: logger)
            .run(verdict.action, on: id, from: instances, lingering: &lingering) { await self.wants(id, atMost: $0) }
        self.lingering[id] = lingering.isEmpty ? nil : lingering
        switch outcome {
        case .scaled(let count, let missed):
            changes += 1
            logger.info(
                instances == 0 ? "woken" : "scaled",
                metadata: ["app": "\(id)", "from": "\(instances)", "to": "\(count)", "why": "\(verdict.rule.rawValue)"])
            if let missed { notDone(verdict, of: id, keeping: count, missed) }
        case .asleep:
            absent = nil
            sleeps += 1
            logger.info("asleep", metadata: ["app": "\(id)", "why": "idle for \(Int(verdict.idle)) s"])
        case .calledOff(let why):
            if verdict.action == .sleep { absent = nil }
            notDone(verdict, of: id, keeping: instances, why)
        case .prevented(let why):
            absent = why
            notDone(verdict, of: id, keeping: instances, why)
        case .refused(let why):
            resting[id] = clock.now + Self.rest
            notDone(verdict, of: id, keeping: instances, why)
        }
        acts[id] = nil
        ended.insert(id)
    }

    private func wants(_ id: String, atMost count: Int) -> Bool {
        isOurTurn && log[id].last.map { $0.wanted <= count } ?? false
    }

    private func notDone(_ verdict: ScaleVerdict, of id: String, keeping instances: Int, _ why: String) {
        let now = (clock.now - began) / .seconds(1)
        if verdict.action == .sleep {
            disturbed += 1
            states[id]?.wasDisturbed(at: now)
        } else if instances > verdict.wanted, let rules = fleet.members[id]?.rules {
            states[id]?.wasKept(instances, rules, at: now)
        }
        log.prevented(why, of: id, verdict.rule)
        let what =
            switch verdict.action {
            case .sleep: "not put to sleep"
            case _ where instances > verdict.wanted: "not scaled down"
            default: "not scaled"
            }
        logger.info("\(what)", metadata: ["app": "\(id)", "why": "\(why)"])
    }

    /// Whether those without whom nothing sleeps are back.
    private func lookForAbsent(_ nodes: PartNodes) async {
        guard absent != nil, nodes.missing == nil, await parts.areThere(nodes) else { return }
        absent = nil
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
        fleet.members.keys.sorted().map { id in
            Activity(
                app: id, lastRequest: lastRequests[id], sessions: sessions[id] ?? 0,
                reason: log[id].last?.rule ?? ScaleVerdict.Rule.asleep.rawValue)
        }
    }

    /// - Parameter name: an id with or without its slash, or a slug.
    /// - Returns: `nil` when there is no such app.
    func explain(_ name: String) -> Explanation? {
        fleet.member(named: name).map { Explanation(app: $0.id, decisions: log[$0.id]) }
    }

    public func health() async -> Health {
        if isMarathonLost { return .failing("Marathon does not answer") }
        if let absent { return .failing("nothing sleeps: \(absent)") }
        let silent = await poller.silent
        return silent.isEmpty ? .healthy : .failing("no statistics from \(silent.sorted().joined(separator: ", "))")
    }

    public func metrics() -> [Metric] {
        [
            Metric("flock_scaler_sleeps_total", .counter, Double(sleeps), help: "Apps put to sleep."),
            Metric("flock_scaler_disturbed_total", .counter, Double(disturbed), help: "Sleeps that were called off."),
            Metric("flock_scaler_changes_total", .counter, Double(changes), help: "Changes of instances."),
            Metric("flock_scaler_looks_total", .counter, Double(looks), help: "Looks at HAProxy's statistics."),
            Metric(
                "flock_scaler_look_seconds_total", .counter, lookTime / .seconds(1), help: "Time that looks took."),
            Metric(
                "flock_scaler_acts", .gauge, isOurTurn ? 1 : 0, help: "Whether it acts; else another scaler does."),
        ]
    }
}
