import Foundation
import Marathon

// What agents, checks and the clock report.
extension Scheduler {
    mutating func offered(_ offer: Offer, at now: Moment) {
        offers[offer.agentID] = offer
        // The agent may have made it before it heard of the last launches.
        for task in tasks.values where task.agentID == offer.agentID && !offer.tasks.contains(task.id) {
            take(task.resources, of: offer.agentID)
        }
        for id in queue.keys.sorted() { step(id, at: now) }
    }

    mutating func rescinded(agentID: String) {
        offers[agentID] = nil
    }

    mutating func status(_ status: TaskStatus, at now: Moment) {
        guard let task = tasks[status.taskID] else {
            // Nobody waits for it: it was told already, or is of a store that was lost.
            if status.state.isTerminal { effects.append(.acknowledge(taskID: status.taskID)) }
            return
        }
        switch status.state {
        case .starting, .running: progressed(task, status, at: now)
        case .finished, .failed, .killed, .lost: ended(task, status, at: now)
        }
    }

    private mutating func progressed(_ before: TaskRecord, _ status: TaskStatus, at now: Moment) {
        var task = before
        let state: TaskRecord.State = status.state == .running ? .running : .starting
        guard task.state != .killing, task.state != state, task.state != .running else { return }
        task.state = state
        if state == .running {
            task.startedAt = now.date
            runningSince[task.id] = now.elapsed
        }
        tasks[task.id] = task
        changes.tasks.insert(task.id)
        tell(task, status.state.rawValue, message: status.message, at: now)
        step(task.appID, at: now)
    }

    private mutating func ended(_ task: TaskRecord, _ status: TaskStatus, at now: Moment) {
        tasks[task.id] = nil
        runningSince[task.id] = nil
        tasksOfApp[task.appID]?.remove(task.id)
        changes.tasks.insert(task.id)
        effects.append(.acknowledge(taskID: task.id))
        let wasKilled = task.state == .killing
        let state = wasKilled && status.state != .lost ? TaskStatus.State.killed : status.state
        tell(task, state.rawValue, message: status.message, at: now)
        // One that was killed without our asking was ended with the engine, by a person.
        if !wasKilled, state != .killed, apps[task.appID] != nil {
            apps[task.appID]?.lastTaskFailure = TaskFailure(
                appId: task.appID, taskId: task.id, state: state.rawValue, message: status.message, host: task.host,
                timestamp: now.timestamp, version: task.version)
            changes.apps.insert(task.appID)
            // A port that somebody else took is not the app's fault, and neither is an agent that lost its tasks.
            if status.reason != .portTaken && state != .lost { backOff(task, at: now) }
        }
        step(task.appID, at: now)
    }

    /// - Parameter failure: why the check failed; `nil` when it succeeded.
    mutating func checked(_ taskID: String, check index: Int, failure: String?, at now: Moment) {
        guard var task = tasks[taskID], task.state == .running, task.checks.indices.contains(index),
            task.health.indices.contains(index)
        else { return }
        let check = task.checks[index]
        let age = now.elapsed - (runningSince[taskID] ?? now.elapsed)
        let failures = task.health[index].consecutiveFailures
        let verdict = task.health[index].record(failure: failure, check: check, age: age, at: now.date)
        tasks[taskID] = task
        if task.health[index].consecutiveFailures > failures { emit(.healthCheckFailed(task, check, at: now)) }
        guard verdict != .unchanged else { return }
        changes.tasks.insert(taskID)
        let isAlive = task.health[index].alive == true
        emit(.health(task, alive: isAlive, at: now))
        emit(.instanceHealth(task, isHealthy: isAlive, at: now))
        if verdict == .kill {
            emit(.unhealthyKill(task, reason: failure ?? "", at: now))
            apps[task.appID]?.lastTaskFailure = TaskFailure(
                appId: task.appID, taskId: taskID, state: "TASK_KILLED",
                message: "Task was killed since health check failed. Reason: \(failure ?? "")", host: task.host,
                timestamp: now.timestamp, version: task.version)
            changes.apps.insert(task.appID)
            backOff(task, at: now)
            kill(taskID, at: now)
        }
        step(task.appID, at: now)
    }

    /// The task has answered its readiness check.
    mutating func becameReady(_ taskID: String, at now: Moment) {
        guard var task = tasks[taskID], !task.hasPassedReadiness else { return }
        task.hasPassedReadiness = true
        tasks[taskID] = task
        changes.tasks.insert(taskID)
        step(task.appID, at: now)
    }

    /// Time has passed: launches that waited may be due.
    mutating func tick(at now: Moment) {
        let last = lastTick
        lastTick = now.elapsed
        for id in queue.keys.sorted() {
            guard let until = delays[id]?.until, until > last, until <= now.elapsed else { continue }
            step(id, at: now)
        }
    }

    /// After a start: brings every app nearer to what is wanted.
    mutating func resume(at now: Moment) {
        // A kill that was decided may not have been carried out to its end.
        for task in tasks.values where task.state == .killing {
            effects.append(.kill(taskID: task.id, grace: .seconds(task.killGraceSeconds)))
        }
        for id in apps.keys.sorted() { converge(id, at: now) }
        for id in deployments.keys.sorted() { advance(id, at: now) }
    }

    // MARK: Back-off

    /// Lets an app that waits after failures start at once.
    mutating func resetDelay(of id: String, at now: Moment) throws {
        guard apps[id] != nil else {
            throw EngineError(code: .notFound, message: "Application \(id) not found in tasks queue.")
        }
        guard delays[id] != nil else { return }
        forgetDelay(of: id)
        step(id, at: now)
    }

    mutating func forgetDelay(of id: String) {
        delays[id] = nil
        guard apps[id]?.backoff != nil else { return }
        apps[id]?.backoff = nil
        changes.apps.insert(id)
    }

    private mutating func backOff(_ task: TaskRecord, at now: Moment) {
        // A task of an older configuration says nothing about this one.
        guard let app = apps[task.appID], app.configVersion == task.configVersion else { return }
        var delay = delays[app.id] ?? LaunchDelay()
        delay.failed(
            at: now.elapsed, first: .seconds(app.definition.backoffSeconds ?? 1),
            factor: app.definition.backoffFactor ?? 1.15, most: .seconds(app.definition.maxLaunchDelaySeconds ?? 300))
        delays[app.id] = delay
        let seconds = delay.delay / .seconds(1)
        apps[app.id]?.backoff = .init(seconds: seconds, until: now.date + seconds)
        changes.apps.insert(app.id)
    }
}
