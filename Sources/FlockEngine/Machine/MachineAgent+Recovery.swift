import Foundation
import Logging

/// What earlier agents on this folder have left.
extension MachineAgent {
    func reconcile(_ taskIDs: [String]) {
        recover()
        guard !isStopped else { return }
        let wanted = Set(taskIDs)
        for taskID in taskIDs {
            guard let run = runs[taskID] else {
                Task { await clearUnknown(taskID) }
                continue
            }
            switch run.phase {
            case .staged: tell(TaskStatus(taskID: taskID, agentID: agentID, state: .starting))
            case .running:
                tell(TaskStatus(taskID: taskID, agentID: agentID, state: .running, reason: .reconciliation))
            // Its last status follows when nothing of it is left.
            case .ending: break
            case .ended: if let status = run.record.status { tell(status) }
            }
        }
        for (taskID, run) in runs where !wanted.contains(taskID) {
            switch run.phase {
            // Accepted since the list was made.
            case .staged: break
            case .running:
                runs[taskID]?.isOrphan = true
                kill(taskID, grace: Self.orphanGrace)
            case .ending: runs[taskID]?.isOrphan = true
            case .ended: forget(taskID)
            }
        }
        for taskID in launcher.boxes().union(unreadable) where runs[taskID] == nil && !wanted.contains(taskID) {
            Task { await clear(taskID) }
        }
        if offered == nil { offer() }
    }

    /// Runs whose record was torn, by a disk that lied or was full. They are ended: nobody knows what they hold.
    private var unreadable: [String] { store.taskIDs().filter { store.read($0) == nil } }

    /// Looks at every run that is on record, once, before anything else is done.
    func recover() {
        guard !isRecovered, !isStopped else { return }
        isRecovered = true
        for taskID in store.taskIDs() {
            guard let record = store.read(taskID) else { continue }
            recover(record)
        }
        logger.info("tasks recovered", metadata: ["tasks": "\(runs.count)"])
        beginKeeping()
    }

    private func recover(_ record: RunRecord) {
        let taskID = record.taskID
        runs[taskID] = Run(record: record)
        let verdict = record.verdict(store.findings(taskID, bootID: bootID))
        switch verdict {
        case .ended: runs[taskID]?.phase = .ended
        case .lost(let why): recoverEnd(of: record, why)
        case .running(let shim):
            hold(record)
            runs[taskID]?.phase = .running(shim)
            watch(taskID, shim)
            if let grace = record.grace { beginKilling(taskID, grace: grace) }
        case .exited(let code):
            hold(record)
            runs[taskID]?.phase = .ending
            Task { await finish(taskID, code: code) }
        }
    }

    private func hold(_ record: RunRecord) {
        var resources = record.launch.resources
        resources.ports = record.launch.ports.map { $0...$0 }
        allotment.hold(resources, for: record.taskID)
    }

    /// Told by the reconciliation that this is part of.
    private func recoverEnd(of record: RunRecord, _ why: String) {
        let isKilled = record.grace != nil
        runs[record.taskID]?.record.end(
            TaskStatus(
                taskID: record.taskID, agentID: agentID, state: isKilled ? .killed : .lost, message: why,
                reason: .reconciliation))
        runs[record.taskID]?.phase = .ended
        writeDown(record.taskID)
    }
}
