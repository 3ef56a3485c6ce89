import AsyncHTTPClient
public import FlockCore
import Foundation
public import Logging
import Marathon
import NIOCore
import NIOHTTP1
public import ServiceLifecycle

/// Decides for every request: wakes its app, once for all that wait, and says where it serves.
public actor Waker: Service, Reporting {
    enum Outcome: Sendable {
        case forward(WakeState.Endpoint, ForwardTicket)
        case failed(Failure)
    }

    enum Failure: String, Sendable {
        case unknownApp = "app_unknown"
        case tooLate = "wake_timeout"
        case crashed = "app_failing"
        case unreachable = "marathon_unreachable"
    }

    private let settings: LiveSettings
    private let logger: Logger
    private let marathon: MarathonClient
    private let probe: HealthProbe
    private let http: HTTPClient
    private let clock = ContinuousClock()

    private var states: [String: WakeState] = [:]
    private var wakes: [String: Task<Void, Never>] = [:]
    private var waiters: [String: [UUID: CheckedContinuation<Outcome, Never>]] = [:]
    private var inFlight: [String: RequestsInFlight] = [:]
    /// One look for all ignored requests that come at once.
    private var looks: [String: Task<Bool, Never>] = [:]
    /// Woken by events of the app that is being woken.
    private var bells: [String: CheckedContinuation<Void, Never>] = [:]

    private var trouble: String?
    private var requests = 0
    private var starts = 0
    private var failures = 0

    public init(settings: LiveSettings, state: StateFolder, logger: Logger) {
        self.settings = settings
        self.logger = logger
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        marathon = MarathonClient(settings: settings.current, state: state, http: http)
        probe = HealthProbe(http: http)
    }

    public func run() async throws {
        let feed = ChangeFeed(marathon, types: ["status_update_event", "health_status_changed_event"])
        for await signal in feed.signals().cancelOnGracefulShutdown() {
            switch signal {
            case .connected:
                if trouble != nil { logger.info("Marathon answers") }
                trouble = nil
                // Whatever happened meanwhile was not told.
                for id in states.keys { states[id]?.forget() }
                for id in wakes.keys { ring(id) }
            case .lost(let why):
                trouble = "Marathon does not answer"
                logger.warning("Marathon does not answer, trying again: \(why)")
            case .event(let event):
                guard let id = event.app else { continue }
                if event.eventType == "status_update_event", event.taskStatus != "TASK_RUNNING",
                    let taskID = event.taskId
                {
                    states[id]?.lost(taskID: taskID)
                }
                ring(id)
            case .poll: break
            }
        }
        for wake in wakes.values { wake.cancel() }
        for wake in wakes.values { await wake.value }
        try await http.shutdown()
    }

    // MARK: Requests

    /// Where a request for the app goes, after as long as it takes.
    /// - Returns: within `hold`; at once when the caller's task is cancelled.
    func endpoint(for appID: String, within hold: Duration) async -> Outcome {
        requests += 1
        var state = states[appID] ?? WakeState()
        let answer = state.arrived(at: clock.now)
        states[appID] = state
        if case .forward(let endpoint) = answer { return .forward(endpoint, ticket(appID)) }

        let id = UUID()
        let deadline = Task {
            try? await clock.sleep(for: hold)
            if !Task.isCancelled {
                self.resolve(appID, waiter: id, .failed(self.trouble == nil ? .tooLate : .unreachable))
            }
        }
        defer { deadline.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume(returning: .failed(.tooLate)) }
                waiters[appID, default: [:]][id] = continuation
                states[appID]?.waiting += 1
                wake(appID)
            }
        } onCancel: {
            Task { await self.resolve(appID, waiter: id, .failed(.tooLate)) }
        }
    }

    /// Where the app serves at this moment; starts nothing and waits for nothing that starts.
    /// - Returns: `nil` while it does not serve.
    func endpointIfAwake(for appID: String) async -> Outcome? {
        if case .forward(let endpoint)? = states[appID]?.arrived(at: clock.now) {
            return .forward(endpoint, ticket(appID))
        }
        let look = looks[appID] ?? Task { await self.look(appID) }
        looks[appID] = look
        guard await look.value, let endpoint = states[appID]?.endpoints.first else { return nil }
        return .forward(endpoint, ticket(appID))
    }

    /// Looks for a task that serves already.
    private func look(_ appID: String) async -> Bool {
        defer { looks[appID] = nil }
        guard let app = try? await marathon.app(appID),
            case .probe(let tasks) = (states[appID] ?? WakeState()).next(app, wake: 1, at: clock.now),
            let endpoint = await firstReady(tasks, of: app, timeout: .seconds(1))
        else { return false }
        states[appID, default: WakeState()].proven(endpoint, at: clock.now)
        return true
    }

    /// The endpoint refused a connection: it is not believed any longer.
    func refused(_ appID: String, host: String?, port: Int) {
        states[appID]?.lost(host: host, port: port)
    }

    private func ticket(_ appID: String) -> ForwardTicket {
        let counter = inFlight[appID] ?? RequestsInFlight()
        inFlight[appID] = counter
        return ForwardTicket(counter)
    }

    private func resolve(_ appID: String, waiter id: UUID, _ outcome: Outcome) {
        guard let continuation = waiters[appID]?.removeValue(forKey: id) else { return }
        states[appID]?.waiting -= 1
        continuation.resume(returning: outcome)
    }

    private func resolveAll(_ appID: String, _ outcome: (WakeState.Endpoint)?, failure: Failure = .tooLate) {
        for id in (waiters[appID] ?? [:]).keys {
            resolve(appID, waiter: id, outcome.map { .forward($0, ticket(appID)) } ?? .failed(failure))
        }
        waiters[appID] = nil
    }

    // MARK: Waking

    /// One wake for all that wait. It goes on when they leave: the app was asked for.
    private func wake(_ appID: String) {
        guard wakes[appID] == nil else { return }
        wakes[appID] = Task {
            await self.bring(appID)
            self.wakes[appID] = nil
            // Somebody may have come in the last moment.
            if self.waiters[appID]?.isEmpty == false { self.wake(appID) }
        }
    }

    private func bring(_ appID: String) async {
        let began = clock.now
        // No request waits longer than this.
        let deadline = began + settings.current.backup.hold.duration
        var seen: App?
        var looked: ContinuousClock.Instant?
        var pause = Duration.milliseconds(1)
        var hasStarted = false
        var lastFailure: TaskFailure??
        while !Task.isCancelled, clock.now < deadline {
            // Marathon is asked when it rang, and now and then; the app itself in between.
            if looked.map({ clock.now - $0 > .milliseconds(100) }) ?? true {
                do {
                    seen = try await marathon.app(appID)
                    looked = clock.now
                } catch {
                    logger.debug("cannot ask for the app: \(error)", metadata: ["app": "\(appID)"])
                    await rest(appID, .milliseconds(50))
                    continue
                }
                if lastFailure == nil { lastFailure = .some(seen?.lastTaskFailure) }
            }
            let policy = seen.flatMap(FlockApp.init).map { ScalePolicy(settings.current.scaler, $0.scale) }
            switch (states[appID] ?? WakeState()).next(seen, wake: policy?.wake ?? 1, at: clock.now) {
            case .unknownApp: return resolveAll(appID, nil, failure: .unknownApp)
            case .pause:
                looked = nil
                await rest(appID, .milliseconds(20))
            case .start(let instances):
                // Somebody else's deployment, a sleep that is just ending, may hold the lock for a moment.
                if await start(appID, instances), !hasStarted {
                    hasStarted = true
                    logger.info("waking", metadata: ["app": "\(appID)", "instances": "\(instances)"])
                    starts += 1
                }
                looked = nil
            case .look:
                if let failure = seen?.lastTaskFailure, case .some(let known) = lastFailure,
                    failure.taskId != known?.taskId, !failure.isLoss, hasStarted
                {
                    failures += 1
                    logger.warning("the app failed to start: \(failure.message)", metadata: ["app": "\(appID)"])
                    return resolveAll(appID, nil, failure: .crashed)
                }
                let rang = await rest(appID, .milliseconds(50))
                if rang { looked = nil }
            case .probe(let tasks):
                if let endpoint = await firstReady(tasks, of: seen) {
                    guard states[appID]?.isHeld(at: clock.now) == false else { continue }
                    states[appID]?.proven(endpoint, at: clock.now)
                    if hasStarted {
                        let took = (clock.now - began) / .milliseconds(1)
                        logger.info("awake", metadata: ["app": "\(appID)", "milliseconds": "\(Int(took))"])
                    }
                    return resolveAll(appID, endpoint)
                }
                try? await clock.sleep(for: pause)
                pause = min(.milliseconds(50), pause * 5 / 4)
            }
        }
        failures += 1
        resolveAll(appID, nil, failure: trouble == nil ? .tooLate : .unreachable)
    }

    /// - Returns: whether Marathon took it.
    private func start(_ appID: String, _ instances: Int) async -> Bool {
        do {
            try await marathon.resetLaunchDelay(of: appID)
            _ = try await marathon.scale(appID, to: instances)
            return true
        } catch {
            logger.debug("not started yet: \(error)", metadata: ["app": "\(appID)"])
            await rest(appID, .milliseconds(10))
            return false
        }
    }

    private func firstReady(
        _ tasks: [AppTask], of app: App?, timeout: Duration = .seconds(5)
    ) async -> WakeState.Endpoint? {
        let check = app?.definition.healthChecks?.first
        let index = check?.portIndex ?? 0
        for task in tasks where task.ports.indices.contains(index) {
            if await probe.ask(check, host: task.host, ports: task.ports, timeout: timeout) == nil {
                return WakeState.Endpoint(taskID: task.id, host: task.host, port: task.ports[index])
            }
        }
        return nil
    }

    /// Waits until something happens to the app, or so long.
    /// - Returns: whether something happened.
    @discardableResult
    private func rest(_ appID: String, _ limit: Duration) async -> Bool {
        let timer = Task {
            try? await clock.sleep(for: limit)
            self.ring(appID)
        }
        let began = clock.now
        await withCheckedContinuation { bells[appID] = $0 }
        timer.cancel()
        return clock.now - began < limit
    }

    private func ring(_ appID: String) {
        bells.removeValue(forKey: appID)?.resume()
    }

    // MARK: Holding

    /// What the scaler asks while it puts an app to sleep.
    struct HoldReport: Encodable, Sendable {
        var app: String
        var isHeld: Bool
        /// Requests that came since: somebody wants the app.
        var waiting: Int
        /// Requests that flock-backup still carries to the app's tasks.
        var inFlight: Int
    }

    /// Keeps requests for the app and forwards none, until released or the lease ends by itself.
    func hold(_ appID: String, for lease: Duration) -> HoldReport {
        states[appID, default: WakeState()].hold(until: clock.now + lease)
        return holdReport(appID)
    }

    func release(_ appID: String) -> HoldReport {
        states[appID]?.release()
        ring(appID)
        return holdReport(appID)
    }

    func holdReport(_ appID: String) -> HoldReport {
        let state = states[appID]
        return HoldReport(
            app: appID, isHeld: state?.isHeld(at: clock.now) ?? false, waiting: state?.waiting ?? 0,
            inFlight: inFlight[appID]?.value ?? 0)
    }

    // MARK: Reporting

    public func health() -> Health {
        trouble.map { .failing($0) } ?? .healthy
    }

    public func metrics() -> [Metric] {
        [
            Metric("flock_backup_requests_total", .counter, Double(requests), help: "Requests for sleeping apps."),
            Metric("flock_backup_wakes_total", .counter, Double(starts), help: "Apps that were started."),
            Metric("flock_backup_failed_wakes_total", .counter, Double(failures), help: "Wakes that led to no answer."),
            Metric(
                "flock_backup_waiting", .gauge, Double(states.values.reduce(0) { $0 + $1.waiting }),
                help: "Requests that wait for their app."),
        ]
    }
}
