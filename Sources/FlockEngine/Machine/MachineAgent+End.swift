import Foundation
import Logging
import NIOPosix

/// From the end of a task's first process, asked for or not, until nothing of the task is left.
extension MachineAgent {
    /// Between two looks whether a box has become empty.
    private static let pause = Duration.milliseconds(10)
    /// A first process that still lives this long after everything in its box was killed has no use any more.
    private static let patience = Duration.seconds(2)

    func watch(_ taskID: String, _ shim: ProcessIdentity) {
        Task { [weak self] in
            await ProcessExit.wait(for: shim)
            await self?.shimEnded(taskID)
        }
        let cpus = runs[taskID]?.record.launch.resources.cpus ?? 1
        Task { [launcher, clock] in
            try? await clock.sleep(Self.startTime)
            await launcher.settle(taskID, cpus: cpus)
        }
    }

    // MARK: Killing

    func beginKilling(_ taskID: String, grace: Duration) {
        runs[taskID]?.killing?.cancel()
        runs[taskID]?.killing = Task { await self.kill(taskID, within: grace) }
    }

    private func kill(_ taskID: String, within grace: Duration) async {
        let deadline = clock.now() + grace
        var isAsked = false
        while !isStopped, let shim = runs[taskID]?.shim {
            let now = clock.now()
            var pause = Self.pause
            if now >= deadline {
                launcher.signal(taskID, SIGKILL)
                if now >= deadline + Self.patience, shim.isAlive { ProcessTable.signal(group: shim.pid, SIGKILL) }
            } else if isAsked {
                pause = deadline - now
            } else if !launcher.processes(of: taskID).isEmpty {
                // Once: some programs take the second for impatience.
                launcher.signal(taskID, SIGTERM)
                isAsked = true
                guard goesOn(.termSent) else { return }
                continue
            }
            guard (try? await clock.sleep(pause)) != nil else { return }
        }
    }

    // MARK: The end

    func shimEnded(_ taskID: String) async {
        guard !isStopped, runs[taskID]?.shim != nil else { return }
        runs[taskID]?.phase = .ending
        runs[taskID]?.killing?.cancel()
        guard goesOn(.shimEnded) else { return }
        await finish(taskID, code: store.exitCode(taskID))
    }

    /// Ends what the first process has left behind, then the task: its ports are free when it is said to have ended.
    func finish(_ taskID: String, code: Int32?) async {
        await empty(taskID)
        guard goesOn(.boxEmptied), let record = runs[taskID]?.record else { return }
        end(
            .ended(
                record, agentID: agentID, code: code, hitMemoryLimit: launcher.hasHitMemoryLimit(taskID)))
    }

    /// Kills until no process of the box is left.
    private func empty(_ taskID: String) async {
        while !isStopped, !launcher.processes(of: taskID).isEmpty {
            launcher.signal(taskID, SIGKILL)
            try? await clock.sleep(Self.pause)
        }
    }

    /// Nothing of the task is left but its sandbox.
    func end(_ status: TaskStatus) {
        let taskID = status.taskID
        guard let run = runs[taskID], !run.isEnded else { return }
        runs[taskID]?.record.end(status)
        runs[taskID]?.phase = .ended
        writeDown(taskID)
        guard goesOn(.endRecorded) else { return }
        logger.info(
            "task ended", metadata: ["task": "\(taskID)", "state": "\(status.state)", "how": "\(status.message)"])
        allotment.release(taskID)
        tell(status)
        guard goesOn(.endTold) else { return }
        if run.isOrphan { forget(taskID) }
        offerIfChanged()
    }

    /// Its last status is known to who asked for the task, or nobody asks.
    func forget(_ taskID: String) {
        guard let appID = runs[taskID]?.record.launch.appID else { return }
        launcher.remove(taskID)
        guard goesOn(.boxRemoved) else { return }
        store.remove(taskID)
        runs[taskID] = nil
        let living = Set(runs.keys)
        // A sandbox may hold many files.
        Task { [folders] in
            try? await NIOThreadPool.singleton.runIfActive { folders.prune(appID: appID, except: living) }
        }
    }

    // MARK: Tasks without a record

    /// Ends all that there is of a task that nothing is known about.
    func clear(_ taskID: String) async {
        _ = store.withdrawCommand(taskID)
        // As long as the first process lives, it may be about to start something.
        repeat {
            await empty(taskID)
            if let shim = store.livingShim(taskID) {
                ProcessTable.signal(group: shim.pid, SIGKILL)
                try? await clock.sleep(Self.pause)
            }
        } while !isStopped && store.livingShim(taskID) != nil
        await empty(taskID)
        guard !isStopped else { return }
        launcher.remove(taskID)
        store.remove(taskID)
    }

    func clearUnknown(_ taskID: String) async {
        await clear(taskID)
        tell(
            TaskStatus(
                taskID: taskID, agentID: agentID, state: .lost, message: "Unknown task", reason: .reconciliation))
    }
}
