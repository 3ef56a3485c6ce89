import AsyncHTTPClient
public import FlockCore
public import Logging
import Marathon
public import ServiceLifecycle

/// Decides for every request: wakes its app, once for all that wait, and says where it serves.
///
/// Requests wait in a ``HeldQueue`` and go in the order they came, at the ``Pace`` of the app's tasks; a
/// ``WakeAttempt`` says how the app is brought up, a ``BackOff`` when one that failed is tried again.
public actor Waker: Service, Reporting {
    enum Outcome: Sendable {
        /// - Parameter woke: how long the request waited for the app to wake; `nil` when the app was awake.
        case forward(Endpoint, ForwardTicket, woke: Duration?)
        case refused(Refusal)
    }

    /// All that is known about one app.
    struct Entry {
        var state = WakeState()
        var queue = HeldQueue()
        var pace = Pace()
        var backOff = BackOff()
        var attempt: WakeAttempt?
        var driver: Task<Void, Never>?
        /// When it was found to serve after a start; requests that came before were woken for.
        var wokeAt: ContinuousClock.Instant?
        /// Requests that one of its tasks serves at once.
        var concurrency: Int
        /// As its labels say.
        var slug: String?
        /// Woken by what happens to the app.
        var bell: CheckedContinuation<Void, Never>?
        /// Waits until a place is free although no request has ended.
        var placeTimer: Task<Void, Never>?
        /// One look for all ignored requests that come at once.
        var look: Task<Void, Never>?
        var looked: ContinuousClock.Instant?

        func isIdle(at now: ContinuousClock.Instant) -> Bool {
            attempt == nil && look == nil && queue.isEmpty && pace.open == 0 && !state.isHeld(at: now)
                && state.serving(at: now).isEmpty && backOff.failures == 0
        }
    }

    private struct Waiter {
        var app: String
        var arrived: ContinuousClock.Instant
        var continuation: CheckedContinuation<Outcome, Never>
    }

    let settings: LiveSettings
    let logger: Logger
    let marathon: MarathonClient
    let probe: HealthProbe
    private let http: HTTPClient
    let clock = ContinuousClock()

    var entries: [String: Entry] = [:]
    var outage = MarathonOutage()
    private var waiters: [Int: Waiter] = [:]
    private var lastWaiter = 0

    private var trouble: String?
    private(set) var requests = 0
    private var refusals: [Refusal.Code: Int] = [:]
    var starts = 0
    var failures = 0

    public init(settings: LiveSettings, state: StateFolder, logger: Logger) {
        self.settings = settings
        self.logger = logger
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        marathon = MarathonClient(settings: settings.current, state: state, http: http, patience: .short)
        probe = HealthProbe(http: http)
    }

    public func run() async throws {
        let feed = ChangeFeed(
            marathon, types: ["status_update_event", "health_status_changed_event", "api_post_event"])
        for await signal in feed.signals().cancelOnGracefulShutdown() {
            switch signal {
            case .connected:
                if trouble != nil { logger.info("Marathon answers") }
                trouble = nil
                _ = outage.answered()
                // Whatever happened meanwhile was not told.
                for id in entries.keys {
                    entries[id]?.state.forget()
                    if entries[id]?.backOff.reason?.isMarathons == true { entries[id]?.backOff.succeeded() }
                    ring(id)
                }
            case .lost(let why):
                trouble = "Marathon does not answer"
                logger.warning("Marathon does not answer, trying again: \(why)")
            case .event(let event): happened(event)
            case .poll:
                let now = clock.now
                entries = entries.filter { !$0.value.isIdle(at: now) }
            }
        }
        let drivers = entries.values.compactMap(\.driver)
        for driver in drivers { driver.cancel() }
        for driver in drivers { await driver.value }
        try await http.shutdown()
    }

    private func happened(_ event: MarathonEvent) {
        guard let id = event.app, let entry = entries[id] else { return }
        if event.eventType == "status_update_event", event.taskStatus != "TASK_RUNNING", let taskID = event.taskId {
            entries[id]?.state.lost(taskID: taskID)
        }
        // An app that is left alone may come up by itself, or become another version.
        if entry.backOff.left(at: clock.now) != nil { attempt(id, mayStart: false) }
        ring(id)
    }

    func entry(_ appID: String) -> Entry {
        entries[appID] ?? Entry(concurrency: settings.current.scaler.concurrency)
    }

    // MARK: Requests

    /// Where a request for the app goes, after as long as it takes.
    /// - Parameters:
    ///   - hold: how long it may wait.
    ///   - patience: how long it may wait for the app to be up, where that is less.
    /// - Returns: at once when the caller's task is cancelled.
    func endpoint(for appID: String, within hold: Duration, wakingWithin patience: Duration? = nil) async -> Outcome {
        requests += 1
        let now = clock.now
        var entry = entry(appID)
        let serving = entry.state.serving(at: now)
        if entry.queue.isEmpty, let passage = entry.pace.take(serving, concurrency: entry.concurrency, at: now) {
            entries[appID] = entry
            return .forward(passage.endpoint, ticket(appID, passage), woke: nil)
        }
        entries[appID] = entry
        if serving.isEmpty, let left = entry.backOff.left(at: now), let reason = entry.backOff.reason {
            return refuse(Refusal(failing: reason, for: left))
        }
        let limits = settings.current.backup
        if entry.queue.count >= limits.maxHeldPerApp { return refuse(Refusal(.heldFullApp)) }
        if waiters.count >= limits.maxHeld { return refuse(Refusal(.heldFull)) }

        lastWaiter += 1
        let number = lastWaiter
        let deadline = Task {
            if let patience, patience < hold {
                try await clock.sleep(until: now + patience)
                // Its app is up, and it only waits for its turn.
                guard self.isServing(appID) else { return self.gaveUp(number) }
            }
            try await clock.sleep(until: now + hold)
            self.gaveUp(number)
        }
        defer { deadline.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume(returning: .refused(Refusal(.wakeTimeout))) }
                waiters[number] = Waiter(app: appID, arrived: now, continuation: continuation)
                entries[appID]?.queue.join(number)
                attempt(appID, mayStart: true)
                pump(appID)
            }
        } onCancel: {
            Task { await self.left(number) }
        }
    }

    /// Where the app serves at this moment; starts nothing and waits for nothing that starts.
    /// - Returns: `nil` while it does not serve.
    func endpointIfAwake(for appID: String, within hold: Duration) async -> Outcome? {
        await look(appID)
        return isServing(appID) ? await endpoint(for: appID, within: hold) : nil
    }

    /// Nobody answers there any longer.
    func lost(_ endpoint: Endpoint, of appID: String) {
        entries[appID]?.state.lost(endpoint)
    }

    func isServing(_ appID: String) -> Bool {
        entries[appID]?.state.serving(at: clock.now).isEmpty == false
    }

    private func refuse(_ refusal: Refusal) -> Outcome {
        refusals[refusal.code, default: 0] += 1
        return .refused(refusal)
    }

    private func ticket(_ appID: String, _ passage: Pace.Passage) -> ForwardTicket {
        ForwardTicket { stage in Task { await self.passed(appID, passage, stage) } }
    }

    private func passed(_ appID: String, _ passage: Pace.Passage, _ stage: ForwardTicket.Stage) {
        switch stage {
        case .answered:
            entries[appID]?.pace.answered(passage, at: clock.now)
            entries[appID]?.state.answered(passage.endpoint, at: clock.now)
        case .tunnelled: entries[appID]?.pace.tunnelled(passage)
        case .ended: entries[appID]?.pace.ended(passage)
        }
        pump(appID)
    }

    // MARK: The queue

    /// Lets those go that waited longest, as many as the app's tasks take.
    func pump(_ appID: String) {
        // Taken out, since a long queue is not to be copied for each that leaves it.
        guard entries[appID]?.queue.isEmpty == false, var entry = entries.removeValue(forKey: appID) else { return }
        let now = clock.now
        let serving = entry.state.serving(at: now)
        while !entry.queue.isEmpty,
            let passage = entry.pace.take(serving, concurrency: entry.concurrency, at: now),
            let number = entry.queue.next()
        {
            guard let waiter = waiters.removeValue(forKey: number) else {
                entry.pace.ended(passage)
                continue
            }
            let woke = entry.wokeAt.flatMap { waiter.arrived < $0 ? now - waiter.arrived : nil }
            CrashPoint.backupForwarding.pass()
            waiter.continuation.resume(
                returning: .forward(passage.endpoint, ticket(appID, passage), woke: woke))
        }
        if !entry.queue.isEmpty, entry.placeTimer == nil, let next = entry.pace.nextPlace(at: serving) {
            entry.placeTimer = Task {
                try? await clock.sleep(until: next)
                self.entries[appID]?.placeTimer = nil
                self.pump(appID)
            }
        }
        entries[appID] = entry
    }

    /// Its client left. What it asked for goes on.
    private func left(_ number: Int) {
        resolve(number, .refused(Refusal(.wakeTimeout)))
    }

    private func gaveUp(_ number: Int) {
        guard let waiter = waiters[number], let entry = entries[waiter.app] else { return }
        let isServing = isServing(waiter.app)
        let code: Refusal.Code =
            isServing ? .appBusy : outage.since != nil ? .marathonUnreachable : .wakeTimeout
        resolve(number, refuse(Refusal(code, reason: isServing ? nil : entry.attempt?.missing)))
    }

    private func resolve(_ number: Int, _ outcome: Outcome) {
        guard let waiter = waiters.removeValue(forKey: number) else { return }
        entries[waiter.app]?.queue.leave(number)
        waiter.continuation.resume(returning: outcome)
    }

    func refuseAll(_ appID: String, _ refusal: Refusal) {
        while let number = entries[appID]?.queue.next() {
            waiters.removeValue(forKey: number)?.continuation.resume(returning: refuse(refusal))
        }
    }

    // MARK: Reporting

    public func health() -> Health {
        trouble.map { .failing($0) } ?? .healthy
    }

    public func metrics() -> [Metric] {
        let now = clock.now
        return [
            Metric("flock_backup_requests_total", .counter, Double(requests), help: "Requests for sleeping apps."),
            Metric("flock_backup_wakes_total", .counter, Double(starts), help: "Apps that were started."),
            Metric("flock_backup_failed_wakes_total", .counter, Double(failures), help: "Wakes that led to no answer."),
            Metric("flock_backup_waiting", .gauge, Double(waiters.count), help: "Requests that wait for their app."),
            Metric(
                "flock_backup_failing_apps", .gauge,
                Double(entries.values.count { $0.backOff.left(at: now) != nil }),
                help: "Apps that failed to start and are left alone for a while."),
        ]
            + refusals.sorted { $0.key.rawValue < $1.key.rawValue }.map { code, count in
                Metric(
                    "flock_backup_refused_total", .counter, Double(count), labels: ["code": code.rawValue],
                    help: "Requests answered 503 or 404, by code.")
            }
    }
}
