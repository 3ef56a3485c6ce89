import Foundation
import Marathon

/// Everything the engine knows and decides, as a value: requests, statuses, offers and time go in; what to launch,
/// kill, store and tell comes out. It does nothing itself.
///
/// ```
///   put, delete, group ─┐                      ┌─► Effect.accept, .kill ──► agent ─┐
///   offers, statuses   ─┼─► Scheduler ─ step ──┼─► Effect.emit ──► event stream    │
///   checks, time       ─┘       ▲              └─► changes ──► store               │
///                               └────────────────── statuses, offers ──────────────┘
/// ```
struct Scheduler: Sendable {
    enum Effect: Sendable, Hashable {
        /// Takes the offer for these tasks.
        case accept(offerID: String, [TaskLaunch])
        case kill(taskID: String, grace: Duration)
        /// The task's end is known; the agent may forget it.
        case acknowledge(taskID: String)
        case emit(EngineEvent)
    }

    /// What has to be written down before the effects are carried out.
    struct Changes: Sendable {
        var apps: Set<String> = []
        var groups: Set<String> = []
        var tasks: Set<String> = []
        var deployments: Set<String> = []
        /// Versions that became history.
        var history: [HistoryEntry] = []
        var isEmpty: Bool {
            apps.isEmpty && groups.isEmpty && tasks.isEmpty && deployments.isEmpty && history.isEmpty
        }
    }

    /// As many deployments run at once. Source: Marathon's --max_running_deployments.
    static let maxDeployments = 100

    var apps: [String: AppRecord] = [:]
    var groups: [String: GroupRecord] = [:]
    var tasks: [String: TaskRecord] = [:]
    var deployments: [String: DeploymentRecord] = [:]
    /// What agents have left, by agent.
    var offers: [String: Offer] = [:]
    /// Apps with instances that wait to be launched.
    var queue: [String: QueueEntry] = [:]
    var tasksOfApp: [String: Set<String>] = [:]
    /// The deployment that holds the lock on an app.
    var holders: [String: String] = [:]
    var delays: [String: LaunchDelay] = [:]
    /// When tasks began to run, by a clock that does not jump.
    var runningSince: [String: Duration] = [:]
    var lastPort: Int?
    /// Up to when delays have been looked at.
    var lastTick = Duration.seconds(-1)
    var lastVersion = ""
    var effects: [Effect] = []
    var launches: [String: [TaskLaunch]] = [:]
    var changes = Changes()

    init() {
        groups["/"] = GroupRecord(id: "/", version: Moment.timestamp(Date(timeIntervalSince1970: 0)))
    }

    /// What was stored, as it is to be gone on with.
    init(
        apps: [AppRecord], groups: [GroupRecord], tasks: [TaskRecord], deployments: [DeploymentRecord], at now: Moment
    ) {
        self.init()
        for app in apps { self.apps[app.id] = app }
        for group in groups { self.groups[group.id] = group }
        for app in apps {
            for group in DefinitionPath.ancestors(of: app.id) where self.groups[group] == nil {
                self.groups[group] = GroupRecord(id: group, version: app.version)
            }
        }
        for task in tasks {
            self.tasks[task.id] = task
            tasksOfApp[task.appID, default: []].insert(task.id)
            if let started = task.startedAt {
                runningSince[task.id] = now.elapsed - .seconds(max(0, now.date.timeIntervalSince(started)))
            }
        }
        for deployment in deployments {
            self.deployments[deployment.id] = deployment
            for app in deployment.apps { holders[app] = deployment.id }
        }
        for app in apps {
            guard let backoff = app.backoff else { continue }
            // A clock that was set back must not make the app wait longer than its delay.
            let left = min(backoff.seconds, max(0, backoff.until.timeIntervalSince(now.date)))
            delays[app.id] = LaunchDelay(
                delay: .seconds(backoff.seconds), until: now.elapsed + .seconds(left))
        }
        lastVersion = (apps.map(\.version) + groups.map(\.version) + deployments.map(\.version)).max() ?? ""
    }

    // MARK: What comes out

    func tasks(of appID: String) -> [TaskRecord] {
        (tasksOfApp[appID] ?? []).compactMap { tasks[$0] }.sorted { ($0.stagedAt, $0.id) < ($1.stagedAt, $1.id) }
    }

    /// The app, unless it was deleted.
    func app(_ id: String) throws -> AppRecord {
        guard let app = apps[id], !app.isStopping else {
            throw EngineError(code: .notFound, message: "App '\(id)' does not exist")
        }
        return app
    }

    /// How long the app's next launch waits; `nil` when it does not.
    func delay(of appID: String, at now: Moment) -> Duration? {
        guard let until = delays[appID]?.until, until > now.elapsed else { return nil }
        return until - now.elapsed
    }

    /// When ``tick(at:)`` next has something to do.
    var nextTick: Duration? {
        queue.keys.compactMap { delays[$0]?.until }.filter { $0 > lastTick }.min()
    }

    mutating func takeEffects() -> [Effect] {
        defer {
            effects = []
            launches = [:]
        }
        // Launches first: what is launched and killed in one decision has to be known to the agent by then.
        return launches.sorted { $0.key < $1.key }.map { .accept(offerID: $0.key, $0.value) } + effects
    }

    mutating func takeChanges() -> Changes {
        defer { changes = Changes() }
        return changes
    }

    mutating func emit(_ event: EngineEvent) {
        effects.append(.emit(event))
    }

    /// Later than every one before, also within the same millisecond.
    mutating func nextVersion(at now: Moment) -> String {
        // A clock that was set back must not be walked forward millisecond by millisecond.
        var date = max(now.date, Moment.date(lastVersion) ?? .distantPast)
        while Moment.timestamp(date) <= lastVersion { date += 0.001 }
        lastVersion = Moment.timestamp(date)
        return lastVersion
    }
}
