import Foundation
import Marathon

// How what is comes nearer to what shall be.
extension Scheduler {
    /// After anything that has to do with the app.
    mutating func step(_ id: String, at now: Moment) {
        converge(id, at: now)
        if let holder = holders[id] { advance(holder, at: now) }
    }

    /// Launches and kills what the app's target asks for now.
    mutating func converge(_ id: String, at now: Moment) {
        guard let (app, mode) = target(of: id) else {
            queue[id] = nil
            return
        }
        let rollout = Rollout(app: app, tasks: tasks(of: id), mode: mode)
        for taskID in rollout.kill { kill(taskID, at: now) }
        guard rollout.launch > 0 else {
            queue[id] = nil
            removeIfStopped(id, at: now)
            return
        }
        queue[id, default: QueueEntry(since: now.date, count: 0)].count = rollout.launch
        guard delay(of: id, at: now) == nil else { return }
        for left in (0..<rollout.launch).reversed() {
            guard launch(app, at: now) else { return }
            queue[id]?.count = left
        }
        queue[id] = nil
    }

    /// What the app shall be now: before its deployment has come to it, what it was.
    private func target(of id: String) -> (AppRecord, Rollout.Mode)? {
        guard let app = apps[id] else { return nil }
        guard let holder = holders[id].flatMap({ deployments[$0] }), let step = holder.step(of: id) else {
            return (app, .keep)
        }
        if step.index > holder.current {
            if let original = holder.originalApps.first(where: { $0.id == id }) { return (original, .keep) }
            var absent = app
            absent.definition.instances = 0
            return (absent, .keep)
        }
        return (app, step.kind == .restart ? .replace : .keep)
    }

    // MARK: Deployments

    mutating func begin(_ deployment: DeploymentRecord, at now: Moment) {
        beginStep(of: deployment, at: now)
        advance(deployment.id, at: now)
    }

    private mutating func beginStep(of deployment: DeploymentRecord, at now: Moment) {
        emit(.deployment(deployment, "deployment_info", at: now))
        for action in deployment.steps[deployment.current] { converge(action.app, at: now) }
    }

    /// Goes on to the next step that is not done yet. There may be thousands, which is why it does not call itself.
    mutating func advance(_ id: String, at now: Moment) {
        guard var deployment = deployments[id] else { return }
        while deployment.current < deployment.steps.count {
            guard deployment.steps[deployment.current].allSatisfy(isDone) else { return }
            emit(.deployment(deployment, "deployment_step_success", at: now))
            deployment.current += 1
            deployments[id] = deployment
            changes.deployments.insert(id)
            if deployment.current < deployment.steps.count { beginStep(of: deployment, at: now) }
        }
        deployments[id] = nil
        changes.deployments.insert(id)
        for app in deployment.apps where holders[app] == id { holders[app] = nil }
        emit(.deployment(deployment, "deployment_success", at: now))
    }

    private func isDone(_ action: DeploymentRecord.Action) -> Bool {
        guard let app = apps[action.app] else { return true }
        switch action.kind {
        case .start: return true
        case .stop: return false
        case .scale: return Rollout(app: app, tasks: tasks(of: app.id), mode: .keep).isDone
        case .restart: return Rollout(app: app, tasks: tasks(of: app.id), mode: .replace).isDone
        }
    }

    private mutating func removeIfStopped(_ id: String, at now: Moment) {
        guard let app = apps[id], app.isStopping, tasksOfApp[id]?.isEmpty ?? true else { return }
        apps[id] = nil
        delays[id] = nil
        tasksOfApp[id] = nil
        changes.apps.insert(id)
        for _ in app.checks { emit(.healthCheckRemoved(id, at: now)) }
        emit(.appTerminated(id, at: now))
    }

    // MARK: Tasks

    /// - Returns: whether an offer had room.
    private mutating func launch(_ app: AppRecord, at now: Moment) -> Bool {
        let present = tasks(of: app.id)
        for (agentID, offer) in offers.sorted(by: { $0.key < $1.key }) {
            switch OfferMatch(app.definition, offer, tasks: present, lastPort: lastPort) {
            case .rejected(let reason): queue[app.id]?.rejected(reason, at: now.date)
            case .fits(let resources, let ports):
                queue[app.id]?.used(at: now.date)
                if let last = ports.last { lastPort = last }
                take(resources, of: agentID)
                start(app, on: offer, resources, ports: ports, at: now)
                return true
            }
        }
        return false
    }

    mutating func take(_ resources: Resources, of agentID: String) {
        offers[agentID]?.resources.cpus -= resources.cpus
        offers[agentID]?.resources.mem -= resources.mem
        offers[agentID]?.resources.disk -= resources.disk
        take(ports: resources.ports, of: agentID)
    }

    private mutating func take(ports: [ClosedRange<Int>], of agentID: String) {
        guard var free = offers[agentID]?.resources.ports else { return }
        for taken in ports {
            free = free.flatMap { range -> [ClosedRange<Int>] in
                guard range.overlaps(taken) else { return [range] }
                var rest: [ClosedRange<Int>] = []
                if range.lowerBound < taken.lowerBound { rest.append(range.lowerBound...(taken.lowerBound - 1)) }
                if taken.upperBound < range.upperBound { rest.append((taken.upperBound + 1)...range.upperBound) }
                return rest
            }
        }
        offers[agentID]?.resources.ports = free
    }

    private mutating func start(
        _ app: AppRecord, on offer: Offer, _ resources: Resources, ports: [Int], at now: Moment
    ) {
        let name = app.id.dropFirst().split(separator: "/").joined(separator: "_")
        var task = TaskRecord(
            id: "\(name).instance-\(UUID().uuidString.lowercased())._app.1", appID: app.id, version: app.version,
            configVersion: app.configVersion, agentID: offer.agentID, host: offer.host, ports: ports,
            stagedAt: now.date)
        task.resources = resources
        task.checks = app.checks
        task.health = app.checks.map { _ in HealthState() }
        task.readiness = app.definition.readinessChecks?.first
        task.readinessPort = task.readiness.flatMap { check in
            app.definition.portNames.firstIndex(of: check.portName).map { ports[$0] }
        }
        task.killGraceSeconds = app.definition.taskKillGracePeriodSeconds ?? 3
        tasks[task.id] = task
        tasksOfApp[app.id, default: []].insert(task.id)
        changes.tasks.insert(task.id)
        tell(task, "TASK_STAGING", at: now)
        launches[offer.id, default: []].append(
            TaskLaunch(
                taskID: task.id, appID: app.id, version: app.version, definition: app.definition, host: offer.host,
                ports: ports, resources: resources))
    }

    mutating func kill(_ taskID: String, at now: Moment) {
        guard var task = tasks[taskID], task.state != .killing else { return }
        task.state = .killing
        tasks[taskID] = task
        changes.tasks.insert(taskID)
        tell(task, "TASK_KILLING", at: now)
        effects.append(.kill(taskID: taskID, grace: .seconds(task.killGraceSeconds)))
    }

    /// Both events that Marathon sends for one change of a task.
    mutating func tell(_ task: TaskRecord, _ status: String, message: String = "", at now: Moment) {
        emit(.status(task, status: status, message: message, at: now))
        emit(.instanceChanged(task, status: status, at: now))
    }
}
