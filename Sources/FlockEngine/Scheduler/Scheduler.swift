import Foundation
import Marathon

/// Everything the engine knows and decides, as a value: requests, reports and time go in; what to launch, kill,
/// store and tell comes out. It does nothing itself.
///
/// ```
///        put, delete ─┐                      ┌─► Effect.launch, .kill ──► agent ─┐
///   reports, checks  ─┼─► Scheduler ─ step ──┼─► Effect.emit ──► event stream    │
///              time  ─┘       ▲              └─► changes ──► store               │
///                             └──────────────── running, ended ─────────────────┘
/// ```
struct Scheduler: Sendable {
    enum Effect: Sendable, Hashable {
        case launch(TaskRecord, AppDefinition)
        case kill(taskID: String, grace: Duration)
        case emit(EngineEvent)
    }

    /// How a task ended.
    enum Ending: Sendable, Hashable {
        case exited(Int32)
        case signalled(Int32)
        /// It could not be started; the text says why.
        case failedToStart(String)
        /// Somebody else listens on a port that it was given.
        case portTaken(Int)
        /// It is gone and nothing says how.
        case lost
    }

    /// What has to be written down before the effects are carried out.
    struct Changes: Sendable {
        var apps: Set<String> = []
        var tasks: Set<String> = []
        var deployments: Set<String> = []
        var isEmpty: Bool { apps.isEmpty && tasks.isEmpty && deployments.isEmpty }
    }

    private(set) var apps: [String: AppRecord]
    private(set) var tasks: [String: TaskRecord]
    private(set) var deployments: [String: DeploymentRecord]
    private var tasksOfApp: [String: Set<String>] = [:]
    private var delays: [String: LaunchDelay] = [:]
    /// Ports that strangers were found on, and until when they are left alone.
    private var strangers: [Int: Duration] = [:]
    private var effects: [Effect] = []
    private var changes = Changes()
    private var lastPort: Int?
    var ports: ClosedRange<Int>
    /// What tasks are reached at.
    let host: String

    init(
        apps: [AppRecord] = [], tasks: [TaskRecord] = [], deployments: [DeploymentRecord] = [],
        ports: ClosedRange<Int>, host: String
    ) {
        self.apps = Dictionary(uniqueKeysWithValues: apps.map { ($0.id, $0) })
        self.tasks = Dictionary(uniqueKeysWithValues: tasks.map { ($0.id, $0) })
        self.deployments = Dictionary(uniqueKeysWithValues: deployments.map { ($0.id, $0) })
        self.ports = ports
        self.host = host
        for task in tasks { tasksOfApp[task.appID, default: []].insert(task.id) }
    }

    // MARK: What is asked

    /// Creates the app or changes the keys that are given.
    mutating func put(_ change: AppDefinition, to id: String, force: Bool, isNew: Bool = false, at now: Moment) throws
        -> DeploymentResult
    {
        let existing = apps[id].flatMap { $0.isStopping ? nil : $0 }
        if isNew && existing != nil {
            throw EngineError(code: .conflict, message: "An app with id [\(id)] already exists.")
        }
        var definition = existing?.definition ?? AppDefinition()
        definition.overlay(change)
        definition.id = id
        definition.fillDefaults(keeping: existing?.definition, servicePort: freeServicePort)
        try definition.validate()
        try lock(id, force: force, at: now)

        let version = nextVersion(of: id, at: now)
        guard let existing else {
            apps[id] = AppRecord(definition: definition, version: version, configVersion: version)
            delays[id] = nil
            return begin(["StartApplication", "ScaleApplication"], on: id, version: version, at: now)
        }
        var same = existing.definition
        same.instances = definition.instances
        if definition == existing.definition {
            // Nothing to do is done at once.
            return begin([], on: id, version: existing.version, at: now)
        }
        apps[id]?.definition = definition
        apps[id]?.version = version
        if definition == same { return begin(["ScaleApplication"], on: id, version: version, at: now) }
        apps[id]?.configVersion = version
        delays[id] = nil
        return begin(
            [definition.instances == 0 ? "ScaleApplication" : "RestartApplication"], on: id, version: version, at: now)
    }

    mutating func delete(_ id: String, force: Bool, at now: Moment) throws -> DeploymentResult {
        guard let app = apps[id], !app.isStopping else {
            throw EngineError(code: .notFound, message: "App '\(id)' does not exist")
        }
        try lock(id, force: force, at: now)
        apps[id]?.isStopping = true
        return begin(["StopApplication"], on: id, version: nextVersion(of: id, at: now), at: now)
    }

    /// Lets an app that waits after failures start at once.
    mutating func resetDelay(of id: String, at now: Moment) throws {
        guard apps[id] != nil else {
            throw EngineError(code: .notFound, message: "Application \(id) not found in tasks queue.")
        }
        delays[id] = nil
        step(id, at: now)
    }

    // MARK: What is reported

    mutating func started(_ taskID: String, pid: Int32, at now: Moment) {
        guard var task = tasks[taskID], task.state != .killing else {
            tasks[taskID]?.pid = pid
            changes.tasks.insert(taskID)
            return
        }
        task.state = .running
        task.pid = pid
        task.startedAt = now.date
        tasks[taskID] = task
        changes.tasks.insert(taskID)
        effects.append(.emit(.status(task, status: "TASK_RUNNING", message: "", at: now)))
        step(task.appID, at: now)
    }

    mutating func ended(_ taskID: String, _ ending: Ending, at now: Moment) {
        guard let task = tasks.removeValue(forKey: taskID) else { return }
        tasksOfApp[task.appID]?.remove(taskID)
        changes.tasks.insert(taskID)
        let (status, message) = Self.words(for: ending, wasKilled: task.state == .killing)
        effects.append(.emit(.status(task, status: status, message: message, at: now)))
        if case .portTaken(let port) = ending { strangers[port] = now.elapsed + .seconds(60) }
        if task.state != .killing, apps[task.appID] != nil {
            apps[task.appID]?.lastTaskFailure = TaskFailure(
                appId: task.appID, taskId: taskID, state: status, message: message, host: task.host,
                timestamp: now.timestamp, version: task.version)
            changes.apps.insert(task.appID)
            if case .portTaken = ending {} else { delay(task, at: now) }
        }
        step(task.appID, at: now)
    }

    /// - Parameter failure: why the check failed; `nil` when it succeeded.
    mutating func checked(_ taskID: String, check index: Int, failure: String?, at now: Moment) {
        guard var task = tasks[taskID], task.state == .running, task.health.indices.contains(index),
            // An old task may have checks that the new configuration lacks.
            let checks = apps[task.appID]?.checks, checks.indices.contains(index)
        else { return }
        let check = checks[index]
        let age = Duration.seconds(now.date.timeIntervalSince(task.startedAt ?? task.stagedAt))
        let verdict = task.health[index].record(failure: failure, check: check, age: age, at: now.date)
        tasks[taskID] = task
        guard verdict != .unchanged else { return }
        changes.tasks.insert(taskID)
        effects.append(.emit(.health(task, alive: task.health[index].alive == true, at: now)))
        if verdict == .kill {
            effects.append(.emit(.unhealthyKill(task, reason: failure ?? "", at: now)))
            apps[task.appID]?.lastTaskFailure = TaskFailure(
                appId: task.appID, taskId: taskID, state: "TASK_KILLED",
                message: "Task was killed since health check failed. Reason: \(failure ?? "")", host: task.host,
                timestamp: now.timestamp, version: task.version)
            changes.apps.insert(task.appID)
            delay(task, at: now)
            kill(taskID, at: now)
        }
        step(task.appID, at: now)
    }

    /// Time has passed: launches that waited may be due.
    mutating func tick(at now: Moment) {
        for (id, delay) in delays where delay.until <= now.elapsed { step(id, at: now) }
    }

    /// After a start: brings every app nearer to what is wanted.
    mutating func resume(at now: Moment) {
        // A kill that was decided may not have been carried out to its end.
        for task in tasks.values where task.state == .killing {
            effects.append(.kill(taskID: task.id, grace: grace(of: task.appID)))
        }
        for id in Array(apps.keys) { step(id, at: now) }
    }

    // MARK: What comes out

    func tasks(of appID: String) -> [TaskRecord] {
        (tasksOfApp[appID] ?? []).compactMap { tasks[$0] }.sorted { ($0.stagedAt, $0.id) < ($1.stagedAt, $1.id) }
    }

    /// How long the app's next launch waits; `nil` when it does not.
    func delay(of appID: String, at now: Moment) -> Duration? {
        guard let until = delays[appID]?.until, until > now.elapsed else { return nil }
        return until - now.elapsed
    }

    /// When ``tick(at:)`` next has something to do.
    var nextTick: Duration? {
        delays.compactMap { id, delay in
            guard let app = apps[id], Rollout(app: app, tasks: tasks(of: id)).launch > 0 else { return nil }
            return delay.until
        }.min()
    }

    mutating func takeEffects() -> [Effect] {
        defer { effects = [] }
        return effects
    }

    mutating func takeChanges() -> Changes {
        defer { changes = Changes() }
        return changes
    }

    // MARK: Steps

    private mutating func step(_ id: String, at now: Moment) {
        guard let app = apps[id] else { return }
        let rollout = Rollout(app: app, tasks: tasks(of: id))
        for taskID in rollout.kill { kill(taskID, at: now) }
        if delay(of: id, at: now) == nil {
            for _ in 0..<rollout.launch { launch(app, at: now) }
        }
        guard rollout.isDone else { return }
        for (deploymentID, deployment) in deployments where deployment.appID == id {
            deployments[deploymentID] = nil
            changes.deployments.insert(deploymentID)
            effects.append(.emit(.deployment(deployment, "deployment_step_success", at: now)))
            effects.append(.emit(.deployment(deployment, "deployment_success", at: now)))
        }
        if app.isStopping {
            apps[id] = nil
            delays[id] = nil
            tasksOfApp[id] = nil
            changes.apps.insert(id)
            effects.append(.emit(.appTerminated(id, at: now)))
        }
    }

    private mutating func begin(_ actions: [String], on id: String, version: String, at now: Moment) -> DeploymentResult
    {
        let deployment = DeploymentRecord(
            id: UUID().uuidString.lowercased(), version: version, appID: id, actions: actions)
        changes.apps.insert(id)
        effects.append(.emit(.groupChanged(id, version: version, at: now)))
        if actions.isEmpty {
            effects.append(.emit(.deployment(deployment, "deployment_success", at: now)))
        } else {
            deployments[deployment.id] = deployment
            changes.deployments.insert(deployment.id)
            effects.append(.emit(.deployment(deployment, "deployment_info", at: now)))
            step(id, at: now)
        }
        return DeploymentResult(version: version, deploymentId: deployment.id)
    }

    private mutating func lock(_ id: String, force: Bool, at now: Moment) throws {
        let holders = deployments.values.filter { $0.appID == id }
        guard holders.isEmpty || force else {
            throw EngineError(
                code: .locked,
                message: "App is locked by one or more deployments. Override with the option '?force=true'. "
                    + "View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
                deployments: holders.map(\.id).sorted())
        }
        for holder in holders {
            deployments[holder.id] = nil
            changes.deployments.insert(holder.id)
            effects.append(
                .emit(.deployment(holder, "deployment_failed", reason: "The upgrade has been cancelled", at: now)))
        }
    }

    private mutating func launch(_ app: AppRecord, at now: Moment) {
        guard let ports = freePorts(app.definition.ports?.count ?? 0, at: now) else {
            // All are taken: looked at again, since nobody tells when one gets free.
            delays[app.id, default: LaunchDelay()].wait(until: now.elapsed + .seconds(1))
            return
        }
        let name = app.id.dropFirst().split(separator: "/").joined(separator: "_")
        let task = TaskRecord(
            id: "\(name).instance-\(UUID().uuidString.lowercased())._app.1", appID: app.id, version: app.version,
            configVersion: app.configVersion, host: host, ports: ports, stagedAt: now.date,
            health: app.checks.map { _ in HealthState() })
        tasks[task.id] = task
        tasksOfApp[app.id, default: []].insert(task.id)
        changes.tasks.insert(task.id)
        effects.append(.emit(.status(task, status: "TASK_STAGING", message: "", at: now)))
        effects.append(.launch(task, app.definition))
    }

    private mutating func kill(_ taskID: String, at now: Moment) {
        guard var task = tasks[taskID], task.state != .killing else { return }
        task.state = .killing
        tasks[taskID] = task
        changes.tasks.insert(taskID)
        effects.append(.emit(.status(task, status: "TASK_KILLING", message: "", at: now)))
        effects.append(.kill(taskID: taskID, grace: grace(of: task.appID)))
    }

    /// Between SIGTERM and SIGKILL.
    func grace(of appID: String) -> Duration {
        .seconds(apps[appID]?.definition.taskKillGracePeriodSeconds ?? 3)
    }

    private mutating func delay(_ task: TaskRecord, at now: Moment) {
        // A task of an older configuration says nothing about this one.
        guard let app = apps[task.appID], app.configVersion == task.configVersion else { return }
        delays[task.appID, default: LaunchDelay()].failed(
            at: now.elapsed, first: .seconds(app.definition.backoffSeconds ?? 1),
            factor: app.definition.backoffFactor ?? 1.15, most: .seconds(app.definition.maxLaunchDelaySeconds ?? 300))
    }

    /// Ports go round, so that one that was just freed is not given to another app at once.
    private mutating func freePorts(_ count: Int, at now: Moment) -> [Int]? {
        guard count > 0 else { return [] }
        let used = Set(tasks.values.flatMap(\.ports))
        var found: [Int] = []
        var port = lastPort ?? ports.upperBound
        for _ in ports where found.count < count {
            port = port >= ports.upperBound || port < ports.lowerBound ? ports.lowerBound : port + 1
            if !used.contains(port) && (strangers[port] ?? .zero) <= now.elapsed { found.append(port) }
        }
        guard found.count == count else { return nil }
        lastPort = port
        return found
    }

    /// Marathon's default range of service ports.
    private func freeServicePort(_ taken: Set<Int>) -> Int {
        let used = taken.union(apps.values.flatMap { $0.definition.ports ?? [] })
        return (10_000...20_000).first { !used.contains($0) } ?? 0
    }

    /// Later than the last one, also within the same millisecond.
    private func nextVersion(of id: String, at now: Moment) -> String {
        var date = now.date
        while let last = apps[id]?.version, Moment.timestamp(date) <= last { date += 0.001 }
        return Moment.timestamp(date)
    }

    private static func words(for ending: Ending, wasKilled: Bool) -> (status: String, message: String) {
        switch ending {
        case _ where wasKilled: ("TASK_KILLED", "Command terminated by the engine")
        case .exited(0): ("TASK_FINISHED", "Command exited with status 0")
        case .exited(let code): ("TASK_FAILED", "Command exited with status \(code)")
        case .signalled(let signal): ("TASK_FAILED", "Command terminated with signal \(signal)")
        case .failedToStart(let why): ("TASK_FAILED", why)
        case .portTaken(let port): ("TASK_FAILED", "Port \(port) is used by another program")
        case .lost: ("TASK_LOST", "The process is gone")
        }
    }
}
