import FlockCore
import Logging
import Marathon

/// Puts an app to sleep without losing a request, on all nodes: hold, drain, kill, release.
///
/// | step | a part that does not answer |
/// |---|---|
/// | hold, on one flock-backup after the other | Called off: it might forward to a task that ends. |
/// | drain, on every flock-haproxy, till nothing is under way | Called off: its HAProxy still sends requests. |
/// | look once more: same tasks, all leases there, nobody waits | Called off: what is not known is not quiet. |
/// | kill: instances 0 | Asked until it is known whether Marathon took it; the leases stay till then. |
/// | wait until the tasks of before are gone | Waited for; given up after a while, since what still runs of an app at zero gets no requests. |
/// | release | Its lease ends by itself. |
///
/// A request that comes before the kill calls it off; one that comes later is held, and wakes the app. A crash at any
/// step leaves an app that serves: the leases are renewed by the scaler, and end a few seconds after it.
///
/// Of two scalers only one gets the hold, since a hold is of one holder. There is no count to remember: a wake starts
/// `scale.wake` instances, which the app's label says, and load brings the rest.
struct SleepProcedure: Sendable {
    enum Outcome: Sendable, Hashable {
        case asleep
        /// With what was in the way.
        case disturbed(String)
        /// A part does not answer: nothing can sleep.
        case prevented(String)
    }

    private static let drainLimit = Duration.seconds(5)

    let backups: [PartClient]
    let haproxies: [PartClient]
    let marathon: MarathonClient
    let logger: Logger
    private let clock = ContinuousClock()

    init(backups: [PartClient], haproxies: [PartClient], marathon: MarathonClient, logger: Logger) {
        self.backups = backups
        self.haproxies = haproxies
        self.marathon = marathon
        self.logger = logger
    }

    func run(_ appID: String) async -> Outcome {
        let leases = PartLeases(appID: appID)
        let renewing = Task { await leases.renew() }
        let outcome: Outcome
        do {
            outcome = try await bringDown(appID, leases)
        } catch let error as PartClient.Failure where error.code == .unreachable {
            outcome = .prevented("\(error)")
        } catch {
            outcome = .disturbed("\(error)")
        }
        CrashPoint.scalerReleasing.pass()
        renewing.cancel()
        // Requests that came meanwhile wake it again, now that nothing is left that could answer them half.
        await leases.giveBack()
        return outcome
    }

    private func bringDown(_ appID: String, _ leases: PartLeases) async throws -> Outcome {
        guard let before = try await AppSituation(of: appID, marathon) else {
            return .disturbed("it is being changed")
        }
        for backup in backups { try await leases.hold(on: backup) }
        CrashPoint.scalerHeld.pass()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for haproxy in haproxies { group.addTask { try await leases.drain(on: haproxy) } }
            try await group.waitForAll()
        }
        CrashPoint.scalerDrainAsked.pass()
        let deadline = clock.now + Self.drainLimit
        var verdict = try await leases.reports().verdict
        while case .busy(let count) = verdict {
            if clock.now >= deadline { return .disturbed("\(count) requests or connections do not end") }
            try await clock.sleep(for: .milliseconds(20))
            verdict = try await leases.reports().verdict
        }
        // Somebody waits for the app to be let go.
        if case .disturbed(let why) = verdict { return .disturbed(why) }
        CrashPoint.scalerDrained.pass()
        guard try await AppSituation(of: appID, marathon) == before else { return .disturbed("it is being changed") }
        switch try await leases.reports().verdict {
        case .quiet: break
        case .busy: return .disturbed("a request came")
        case .disturbed(let why): return .disturbed(why)
        }
        let kill = Kill(marathon: marathon, logger: logger)
        let isTaken = try await kill.run(
            appID,
            ask: {
                _ = try await marathon.scale(appID, to: 0, force: before.isBeingScaled)
                CrashPoint.scalerKillAsked.pass()
            }, isDone: { $0.instances == 0 })
        guard isTaken else { return .disturbed("Marathon is busy with it") }
        await kill.untilGone(before.taskIDs, of: appID)
        CrashPoint.scalerTasksGone.pass()
        return .asleep
    }
}
