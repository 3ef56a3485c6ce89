import Marathon

/// One attempt to bring an app up, from the first request that waits until all that wait have gone to its tasks, or
/// until it has failed: a value that is told what was seen and says what to do next.
///
/// ```
///             instances = 0           no task                     runs              proven
///   look ──┬─────────────────► start ─────────┬──► look … ──► probe ─────► serving ────────► done
///          │ instances > 0, no task           │ a new task failed, or it takes too long
///          └─────────────────► relaunch ──────┴──► fail
/// ```
struct WakeAttempt: Sendable {
    enum Step: Sendable, Hashable {
        /// Ask Marathon for the app.
        case look
        /// Nothing runs and nothing is asked for: start this many.
        case start(Int)
        /// It should run, and does not: let Marathon launch it without delay.
        case relaunch
        /// These run and have not been proven; find out whether they serve.
        case probe([AppTask])
        /// Wait, or until something happens.
        case rest(Duration)
        /// Nobody waits any longer, and the app serves.
        case done
        /// There is no such app.
        case unknownApp
        /// `nil` where Marathon's queue may know why no task was launched.
        case fail(StartFailure?)
    }

    /// Where the app is on its way, for those who look at it.
    enum Progress: String, Sendable {
        /// Marathon is to launch it.
        case starting
        /// It runs, and is asked whether it serves.
        case checking
        case ready
    }

    /// Between two looks at Marathon, unless it rings.
    static let wakingLook = Duration.milliseconds(100)
    static let servingLook = Duration.seconds(1)
    private static let probes = Duration.milliseconds(1)...Duration.milliseconds(50)
    private static let starts = Duration.milliseconds(10)...Duration.milliseconds(250)

    let began: ContinuousClock.Instant
    private let limit: Duration
    /// When the time began that it may take: not while the app served, nor while Marathon was away.
    private var since: ContinuousClock.Instant
    /// Whether it may start anything, or only finds out whether the app serves by itself.
    private(set) var mayStart: Bool

    private(set) var app: App?
    private var hasLooked = false
    private var looked: ContinuousClock.Instant?
    /// Since Marathon was asked last: its answer may be older than what happened.
    private var hasRung = false
    /// Why it is not known how the app is.
    private var blindness: StartFailure?
    /// Something was in vain, and is not tried again at once.
    private var pause: Duration?
    private var isRefused = false

    /// Whether a task that fails from now on is this attempt's.
    private var hasStarted = false
    private var hasForgiven = false
    /// Tasks that were there when it first looked, or while the app served: several may die at once.
    private var older: Set<String> = []
    private var knownFailure: String?
    /// Whether it took more than a look to find the app serving.
    private(set) var isColdStart = false
    private var isServing = false
    /// Whether the app answered at any time.
    private var hasServed = false

    private var startPause = Self.starts.lowerBound
    private var probePause = Self.probes.lowerBound
    private var probed: ContinuousClock.Instant?

    init(at now: ContinuousClock.Instant, limit: Duration, mayStart: Bool = true) {
        (began, since) = (now, now)
        self.limit = limit
        self.mayStart = mayStart
    }

    /// What still runs of an app at zero is being killed, and does not count.
    var running: [AppTask] {
        guard let app, app.instances > 0 else { return [] }
        return (app.tasks ?? []).filter { $0.isRunning && !$0.ports.isEmpty }
    }

    var progress: Progress { isServing ? .ready : running.isEmpty ? .starting : .checking }

    // MARK: What happens

    /// A request waits for what only watched so far.
    mutating func wanted(at now: ContinuousClock.Instant, limit: Duration) {
        guard !mayStart else { return }
        self = WakeAttempt(at: now, limit: limit)
    }

    /// Something happened to the app: what is known of it is old.
    mutating func rang() {
        looked = nil
        hasRung = true
    }

    /// - Parameter now: when Marathon was asked.
    mutating func saw(_ app: App?, at now: ContinuousClock.Instant) {
        self.app = app
        looked = hasRung ? nil : now
        if blindness == .marathonUnreachable { since = now }
        blindness = nil
        if !hasLooked {
            knownFailure = app?.lastTaskFailure?.taskId
            older = Set((app?.tasks ?? []).map(\.id))
        }
        hasLooked = true
    }

    /// Marathon does not answer, or not what was asked.
    mutating func sawNothing(_ why: StartFailure = .marathonUnreachable) {
        blindness = why
        pause = Self.wakingLook
    }

    mutating func started(isAccepted: Bool) {
        looked = nil
        isColdStart = true
        isRefused = !isAccepted
        if isAccepted {
            hasStarted = true
        } else {
            // Somebody else's deployment, a sleep that is just ending, may hold the lock for a moment.
            pause = startPause
            startPause = min(Self.starts.upperBound, startPause * 2)
        }
    }

    /// - Parameter count: of the app's tasks, those that were found to serve.
    mutating func probed(serving count: Int, at now: ContinuousClock.Instant) {
        probed = now
        if count == 0 {
            isColdStart = true
            probePause = min(Self.probes.upperBound, probePause * 5 / 4)
        } else {
            // From here on, a task that fails is one that had started.
            (hasStarted, hasForgiven, isServing) = (false, false, true)
            older.formUnion((app?.tasks ?? []).map(\.id))
            probePause = Self.probes.upperBound
        }
    }

    // MARK: What to do

    /// - Parameters:
    ///   - state: what is known of the app's tasks.
    ///   - waiting: how many requests wait.
    ///   - wake: instances that a wake starts.
    mutating func next(
        _ state: WakeState, waiting: Int, wake: @autoclosure () -> Int, at now: ContinuousClock.Instant
    ) -> Step {
        let serving = state.serving(at: now)
        isServing = !serving.isEmpty
        hasServed = hasServed || isServing
        // Whoever puts the app to zero from here on means it.
        if hasServed && waiting == 0 { return .done }
        if isServing { since = now }
        if !isServing && now - since >= limit { return .fail(missing) }
        if let rest = pause.take() { return .rest(rest) }
        guard let looked, now - looked < (isServing ? Self.servingLook : Self.wakingLook) else {
            hasRung = false
            return .look
        }
        guard let app else { return .unknownApp }
        if state.isHeld(at: now) {
            // Whoever puts it to sleep is done with its tasks, and has yet to let go of it. What is started by then has
            // come up, and gets nothing before.
            if mayStart, app.instances == 0, app.tasks?.isEmpty != false, app.deployments.isEmpty {
                isColdStart = true
                return .start(wake())
            }
            self.looked = nil
            return .rest(.milliseconds(20))
        }

        if !isServing, let failure = newFailure(of: app) { return .fail(failure) }
        let unproven = running.filter { task in !serving.contains { $0.taskID == task.id } }
        if !unproven.isEmpty {
            let rest = probed.map { probePause - (now - $0) } ?? .zero
            return rest > .zero ? .rest(rest) : .probe(unproven)
        }
        // The others of its tasks come up beside those that serve.
        if isServing { return .rest(Self.servingLook) }
        isColdStart = true
        guard mayStart else { return app.instances == 0 ? .fail(nil) : .rest(.milliseconds(50)) }
        if app.instances == 0 { return .start(wake()) }
        if (app.tasks ?? []).isEmpty && !hasStarted { return .relaunch }
        return .rest(.milliseconds(50))
    }

    /// A task that failed since: one that this attempt started, or the second one when somebody else did. The first of
    /// those may be what brought the requests here.
    private mutating func newFailure(of app: App) -> StartFailure? {
        guard let failure = app.lastTaskFailure, failure.taskId != knownFailure else { return nil }
        knownFailure = failure.taskId
        if failure.isLoss { return nil }
        if older.contains(failure.taskId) {
            hasForgiven = true
            return nil
        }
        if hasStarted || hasForgiven { return StartFailure(failure) }
        hasForgiven = true
        return nil
    }

    /// What it waits for; `nil` where Marathon's queue may know.
    var missing: StartFailure? {
        if let blindness { return blindness }
        if !hasLooked { return .marathonUnreachable }
        if !running.isEmpty { return .checkFailed }
        if app?.tasks?.isEmpty == false { return .launching }
        if app?.instances == 0 { return isRefused && app?.deployments.isEmpty == true ? .startRefused : .deploying }
        return nil
    }
}
