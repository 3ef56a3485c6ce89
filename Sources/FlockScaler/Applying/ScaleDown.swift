import FlockCore
import Logging
import Marathon

/// Gives an app fewer instances without losing a request, on all nodes: choose, drain, kill, release.
///
/// | step | a part that does not answer |
/// |---|---|
/// | choose those with the least under way | Called off: what is not known may be busy. |
/// | drain these, on every flock-haproxy, till nothing is under way to them | Called off: its HAProxy still sends requests. |
/// | look once more: same tasks, all leases there | Called off. |
/// | kill exactly these, and so many instances fewer, in one request | Asked until it is known whether Marathon took it. |
/// | wait until they are gone | Waited for, and given up after a while. |
/// | release | Its lease ends by itself. |
///
/// Requests go to the other tasks meanwhile, so nothing is held. Whoever is still busy after a while stays, and those that
/// are quiet go. The drain is the same lease as that of a sleep: an app is in one of the two.
struct ScaleDown: Sendable {
    enum Outcome: Sendable, Hashable {
        case scaled(to: Int)
        /// With what was in the way.
        case calledOff(String)
        /// A part does not answer: nothing is taken away.
        case prevented(String)
    }

    /// What came of it.
    struct Result: Sendable, Hashable {
        var outcome: Outcome
        /// Tasks whose requests did not end in time.
        var lingering: Set<String> = []
    }

    let backups: [PartClient]
    let haproxies: [PartClient]
    let marathon: MarathonClient
    let logger: Logger
    /// How long requests have to end.
    var limit = Duration.seconds(5)
    private let clock = ContinuousClock()

    init(backups: [PartClient], haproxies: [PartClient], marathon: MarathonClient, logger: Logger) {
        self.backups = backups
        self.haproxies = haproxies
        self.marathon = marathon
        self.logger = logger
    }

    /// - Parameters:
    ///   - lingering: tasks whose requests did not end the last time: others go rather.
    ///   - isWanted: whether so few are still enough.
    func run(
        _ appID: String, to wanted: Int, lingering: Set<String> = [], while isWanted: @Sendable () async -> Bool
    ) async -> Result {
        do {
            return try await shrink(appID, to: wanted, lingering, isWanted)
        } catch let error as PartClient.Failure where error.code == .unreachable {
            return Result(outcome: .prevented("\(error)"))
        } catch {
            return Result(outcome: .calledOff("\(error)"))
        }
    }

    private func shrink(
        _ appID: String, to wanted: Int, _ lingering: Set<String>, _ isWanted: @Sendable () async -> Bool
    ) async throws -> Result {
        guard let before = try await AppSituation(of: appID, marathon), before.instances > wanted else {
            return Result(outcome: .calledOff("it is being changed"))
        }
        let sessions = try await PartLeases(appID: appID).reports(backups: backups, haproxies: haproxies).sessionsByTask
        let departure = Departure(
            before.tasks, sessions: sessions, lingering: lingering, killSelection: before.killSelection)
        let leaving = Array(departure.order.prefix(max(0, departure.order.count - wanted)))
        guard !leaving.isEmpty else {
            // Fewer run than are asked for, so nobody has to go.
            let isDone = try await Rescale(marathon: marathon).run(appID, from: before.instances, to: wanted)
            return Result(outcome: isDone ? .scaled(to: wanted) : .calledOff("it is being changed"))
        }
        let leases = PartLeases(appID: appID, tasks: leaving)
        let renewing = Task { await leases.renew() }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await end(leaving, of: appID, before, leases, isWanted))
        } catch {
            result = .failure(error)
        }
        renewing.cancel()
        await leases.giveBack()
        return try result.get()
    }

    private func end(
        _ leaving: [String], of appID: String, _ before: AppSituation, _ leases: PartLeases,
        _ isWanted: @Sendable () async -> Bool
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for haproxy in haproxies { group.addTask { try await leases.drain(on: haproxy) } }
            try await group.waitForAll()
        }
        let deadline = clock.now + limit
        var look = try await look(at: leaving, leases)
        while !look.busy.isEmpty {
            if let why = look.disturbance { return Result(outcome: .calledOff(why)) }
            guard await isWanted() else { return Result(outcome: .calledOff("more is wanted again")) }
            if clock.now >= deadline { break }
            try await clock.sleep(for: .milliseconds(20))
            look = try await self.look(at: leaving, leases)
        }
        let lingering = look.busy
        let quiet = Set(leaving).subtracting(lingering)
        func calledOff(_ why: String) -> Result { Result(outcome: .calledOff(why), lingering: lingering) }
        guard !quiet.isEmpty else { return calledOff("requests or connections do not end") }
        CrashPoint.scalerShrinking.pass()
        guard try await AppSituation(of: appID, marathon) == before else { return calledOff("it is being changed") }
        look = try await self.look(at: leaving, leases)
        if let why = look.disturbance { return calledOff(why) }
        guard look.busy.isDisjoint(with: quiet) else { return calledOff("a request came") }
        guard await isWanted() else { return calledOff("more is wanted again") }
        let count = before.instances - quiet.count
        let kill = Kill(marathon: marathon, logger: logger)
        let isTaken = try await kill.run(
            appID,
            ask: { _ = try await marathon.killAndScale(quiet.sorted(), force: before.isBeingScaled) },
            isDone: { $0.instances <= count })
        guard isTaken else { return calledOff("Marathon is busy with it") }
        await kill.untilGone(quiet, of: appID)
        return Result(outcome: .scaled(to: count), lingering: lingering)
    }

    /// What the parts say of those that are to go.
    private struct Look {
        var busy: Set<String>
        var disturbance: String?
    }

    private func look(at leaving: [String], _ leases: PartLeases) async throws -> Look {
        let reports = try await leases.reports(backups: backups, haproxies: haproxies)
        let sessions = reports.sessionsByTask
        // What flock-backup keeps, it would send to them too.
        return Look(
            busy: Set(leaving.filter { sessions[$0, default: 0] > 0 }),
            disturbance: reports.lostDrain ?? (reports.isAwaited ? "requests wait for it" : nil))
    }
}
