import FlockCore
import Logging
import Marathon

/// Does what a ``WakeAttempt`` says, one for each app at a time.
extension Waker {
    /// How long Marathon may take to answer while an app serves, since what is known of it is not believed long.
    private static let servingPatience = Duration.seconds(1)
    /// How long an app that is left alone is watched after something happened to it.
    private static let watch = Duration.seconds(10)
    /// An app that was found asleep is not looked at again for an ignored request within this.
    private static let lookTrust = Duration.seconds(1)

    /// One attempt for all that wait. It goes on when they leave: the app was asked for.
    func attempt(_ appID: String, mayStart: Bool) {
        let now = clock.now
        let hold = settings.current.backup.hold.duration
        var entry = entry(appID)
        if entry.attempt != nil {
            guard mayStart else { return }
            entry.attempt?.wanted(at: now, limit: hold)
            entries[appID] = entry
            return
        }
        entry.attempt = WakeAttempt(at: now, limit: mayStart ? hold : min(hold, Self.watch), mayStart: mayStart)
        entry.driver = Task { await self.drive(appID) }
        entries[appID] = entry
    }

    private func drive(_ appID: String) async {
        let began = clock.now
        attempt: while !Task.isCancelled, let step = nextStep(appID) {
            switch step {
            case .look: await lookForAttempt(appID)
            case .start(let instances):
                let isAccepted = await start(appID, instances)
                entries[appID]?.attempt?.started(isAccepted: isAccepted)
                if isAccepted {
                    starts += 1
                    logger.info("waking", metadata: ["app": "\(appID)", "instances": "\(instances)"])
                }
            case .relaunch:
                let isAccepted = await change(appID) { [marathon] in try await marathon.resetLaunchDelay(of: appID) }
                entries[appID]?.attempt?.started(isAccepted: isAccepted)
            case .probe(let tasks):
                let count = await prove(tasks, of: appID, began: began)
                if entries[appID]?.state.isHeld(at: clock.now) == false {
                    entries[appID]?.attempt?.probed(serving: count, at: clock.now)
                }
            case .rest(let limit): await rest(appID, limit)
            case .done: break attempt
            case .unknownApp:
                refuseAll(appID, Refusal(.unknownApp))
                break attempt
            case .fail(let reason):
                await fail(appID, reason)
                break attempt
            }
        }
        entries[appID]?.attempt = nil
        entries[appID]?.driver = nil
        // Somebody may have come in the last moment.
        if entries[appID]?.queue.isEmpty == false, !Task.isCancelled { attempt(appID, mayStart: true) }
    }

    private func nextStep(_ appID: String) -> WakeAttempt.Step? {
        guard var entry = entries[appID], var attempt = entry.attempt else { return nil }
        let app = attempt.app
        let step = attempt.next(
            entry.state, waiting: entry.queue.count, wake: app.map { policy($0).wake } ?? 1, at: clock.now)
        entry.attempt = attempt
        entries[appID] = entry
        return step
    }

    private func policy(_ app: App) -> ScalePolicy {
        ScalePolicy(settings.current.scaler, FlockApp(app)?.scale ?? ScaleOverrides())
    }

    // MARK: Marathon

    private func lookForAttempt(_ appID: String) async {
        let now = clock.now
        guard outage.mayAsk(at: now) else { return sawNothing(of: appID) }
        do {
            let marathon = isServing(appID) ? marathon.answering(within: Self.servingPatience) : marathon
            let app = try await marathon.app(appID)
            answered()
            saw(app, as: appID, at: now)
            entries[appID]?.attempt?.saw(app, at: now)
        } catch {
            logger.debug("cannot ask for the app: \(error)", metadata: ["app": "\(appID)"])
            if error.isOutage {
                outage.failed(at: clock.now)
                sawNothing(of: appID)
            } else {
                // Marathon is there and goes on launching, so what is known of the app is not believed longer for this.
                answered()
                entries[appID]?.attempt?.sawNothing(.marathonRefused)
            }
        }
    }

    private func sawNothing(of appID: String) {
        entries[appID]?.state.unconfirmed(at: clock.now)
        entries[appID]?.attempt?.sawNothing()
        pump(appID)
    }

    private func saw(_ app: App?, as appID: String, at now: ContinuousClock.Instant) {
        guard let app, var entry = entries[appID] else { return }
        entry.concurrency = policy(app).concurrency
        entry.slug = FlockApp(app)?.slug.text
        entry.backOff.saw(app.configuration)
        entry.state.confirmed(app.instances > 0 ? app.tasks ?? [] : [], at: now)
        entries[appID] = entry
    }

    /// - Returns: whether Marathon took it.
    private func start(_ appID: String, _ instances: Int) async -> Bool {
        CrashPoint.backupWaking.pass()
        return await change(appID) { [marathon] in
            try await marathon.resetLaunchDelay(of: appID)
            _ = try await marathon.scale(appID, to: instances)
            CrashPoint.backupWoken.pass()
        }
    }

    private func change(_ appID: String, _ work: @Sendable () async throws -> Void) async -> Bool {
        guard outage.mayAsk(at: clock.now) else { return false }
        do {
            try await work()
            answered()
            return true
        } catch let error as MarathonError where !error.isOutage {
            answered()
            logger.debug("not started yet: \(error)", metadata: ["app": "\(appID)"])
        } catch {
            outage.failed(at: clock.now)
            logger.debug("not started yet: \(error)", metadata: ["app": "\(appID)"])
        }
        return false
    }

    private func answered() {
        guard outage.answered() else { return }
        for id in entries.keys { ring(id) }
    }

    // MARK: The app

    /// - Returns: how many of them serve, as far as that was found out.
    private func prove(_ tasks: [AppTask], of appID: String, began: ContinuousClock.Instant) async -> Int {
        guard let app = entries[appID]?.attempt?.app else { return 0 }
        let found = await Self.ready(tasks, of: app, probe, timeout: .seconds(5))
        guard entries[appID]?.state.isHeld(at: clock.now) == false else { return 0 }
        for endpoint in found { proven(endpoint, of: appID, began: began) }
        return found.count
    }

    private func proven(_ endpoint: Endpoint, of appID: String, began: ContinuousClock.Instant) {
        guard var entry = entries[appID] else { return }
        let now = clock.now
        if entry.state.serving(at: now).isEmpty, entry.attempt?.isColdStart == true {
            entry.wokeAt = now
            let took = Int((now - began) / .milliseconds(1))
            logger.info("awake", metadata: ["app": "\(appID)", "milliseconds": "\(took)"])
        }
        entry.state.proven(endpoint, at: now)
        entry.backOff.succeeded()
        entries[appID] = entry
        pump(appID)
    }

    /// Those that serve; when one does, the others are not waited for.
    private static func ready(
        _ tasks: [AppTask], of app: App, _ probe: HealthProbe, timeout: Duration
    ) async -> [Endpoint] {
        let check = app.definition.healthChecks?.first
        let index = check?.portIndex ?? 0
        return await withTaskGroup(of: Endpoint?.self) { group in
            for task in tasks.prefix(16) where task.ports.indices.contains(index) {
                group.addTask {
                    let failure = await probe.ask(check, host: task.host, ports: task.ports, timeout: timeout)
                    guard failure == nil else { return nil }
                    return Endpoint(taskID: task.id, host: task.host, port: task.ports[index])
                }
            }
            var found: [Endpoint] = []
            for await endpoint in group {
                guard let endpoint else { continue }
                found.append(endpoint)
                group.cancelAll()
            }
            return found
        }
    }

    private func fail(_ appID: String, _ known: StartFailure?) async {
        guard entries[appID]?.attempt?.mayStart == true else { return }
        var reason = known
        if reason == nil {
            let queue = try? await marathon.queue()
            let item = queue?.first { $0.app?.id == appID }
            reason = StartFailure(item, isDeploying: entries[appID]?.attempt?.app?.deployments.isEmpty == false)
        }
        guard let reason, var entry = entries[appID] else { return }
        let now = clock.now
        entry.backOff.failed(reason, version: entry.attempt?.app?.configuration, at: now)
        entries[appID] = entry
        failures += 1
        let left = entry.backOff.left(at: now) ?? .zero
        logger.warning(
            "the app did not start",
            metadata: [
                "app": "\(appID)", "reason": "\(reason.code)", "failures": "\(entry.backOff.failures)",
                "again in": "\(left)",
            ])
        refuseAll(appID, Refusal(failing: reason, for: left))
    }

    // MARK: Looking without waking

    /// Finds out whether the app serves, where that is not known; once for all who ask.
    func look(_ appID: String) async {
        var entry = entry(appID)
        let now = clock.now
        // An attempt finds out by itself.
        guard entry.state.serving(at: now).isEmpty, entry.attempt == nil else { return }
        if let looked = entry.looked, now - looked < Self.lookTrust { return }
        let look = entry.look ?? Task { await self.lookOnce(appID) }
        entry.look = look
        entries[appID] = entry
        await look.value
    }

    private func lookOnce(_ appID: String) async {
        defer {
            entries[appID]?.look = nil
            entries[appID]?.looked = clock.now
        }
        guard outage.mayAsk(at: clock.now) else { return }
        let found: App?
        do {
            found = try await marathon.app(appID)
            answered()
        } catch {
            if error.isOutage { outage.failed(at: clock.now) } else { answered() }
            return
        }
        saw(found, as: appID, at: clock.now)
        guard let app = found else { return }
        let running = (app.tasks ?? []).filter { $0.isRunning && !$0.ports.isEmpty }
        let ready = await Self.ready(running, of: app, probe, timeout: .seconds(1))
        for endpoint in ready { proven(endpoint, of: appID, began: clock.now) }
    }

    // MARK: Waiting

    /// Waits until something happens to the app, or so long.
    private func rest(_ appID: String, _ limit: Duration) async {
        let timer = Task {
            try await clock.sleep(for: limit)
            self.strike(appID)
        }
        await withCheckedContinuation { entries[appID]?.bell = $0 }
        timer.cancel()
    }

    /// Something happened to the app.
    func ring(_ appID: String) {
        entries[appID]?.attempt?.rang()
        strike(appID)
    }

    private func strike(_ appID: String) {
        guard let bell = entries[appID]?.bell else { return }
        entries[appID]?.bell = nil
        bell.resume()
    }
}

extension App {
    /// Changes when the app does, and not when it is scaled.
    fileprivate var configuration: String { versionInfo?.lastConfigChangeAt ?? version }
}
