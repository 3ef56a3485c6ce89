import FlockCore
import Foundation
import Logging
import Marathon
import NIOPosix
import SystemPackage

/// From the decision to start a task until it runs.
extension MachineAgent {
    /// Why a launch does not come to its end.
    private enum Stop: Error {
        /// The agent is gone.
        case crash
        case portTaken(Int)
    }

    func launch(_ task: TaskLaunch) async {
        do {
            try pass(.accepted)
            let shim = try await stage(task)
            try await begin(task, shim: shim)
        } catch Stop.crash {
            return
        } catch Stop.portTaken(let port) {
            avoid(port)
            endStaged(task.taskID, .lost, "Port \(port) is in use by another process", .portTaken)
        } catch {
            if runs[task.taskID]?.record.grace != nil {
                endStaged(task.taskID, .killed, "Killed while it was staged", nil)
            } else {
                let error = error as? EngineError ?? EngineError(code: .launch, message: "cannot be started: \(error)")
                endStaged(task.taskID, .failed, error.message, error.code == .artifact ? .fetch : .command)
            }
        }
    }

    /// - Returns: the id of the task's first process.
    private func stage(_ task: TaskLaunch) async throws -> Int32 {
        guard let record = runs[task.taskID]?.record else { throw Stop.crash }
        try store.write(record)
        try pass(.intentRecorded)
        let sandbox = folders.sandbox(task.taskID)
        try FileManager.default.createDirectory(
            atPath: sandbox, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // There from the start, for who wants to read them.
        for name in ["stdout", "stderr"] { try LogFile.open("\(sandbox)/\(name)").close() }
        try pass(.sandboxMade)
        for fetch in task.definition.artifacts {
            try await fetcher.fetch(fetch, into: sandbox)
            try pass(nil)
        }
        try pass(.fetched)
        for port in task.ports where !PortCheck.isFree(port) { throw Stop.portTaken(port) }
        try pass(.portsChecked)
        let box = box(task, sandbox: sandbox)
        // A sandbox may hold many files.
        let command = try await NIOThreadPool.singleton.runIfActive { [launcher] in try launcher.prepare(box) }
        try pass(.boxPrepared)
        try store.offerCommand(command, for: task.taskID)
        try pass(.commandReady)
        do {
            let shim = try await TaskShim.start(
                task.taskID, folder: store.folder(task.taskID), sandbox: sandbox)
            return shim
        } catch {
            _ = store.withdrawCommand(task.taskID)
            throw error
        }
    }

    private func begin(_ task: TaskLaunch, shim pid: Int32) async throws {
        // From here on nothing is thrown away: there is a process, and its end says what became of the task.
        guard goesOn(.forked) else { throw Stop.crash }
        // Gone already, if it has no start time; watching it ends at once.
        let shim = ProcessIdentity(pid: pid, startTime: ProcessStat(pid: pid)?.startTime ?? 0)
        runs[task.taskID]?.phase = .running(shim)
        logger.info("task started", metadata: ["task": "\(task.taskID)", "ports": "\(task.ports)"])
        tell(TaskStatus(taskID: task.taskID, agentID: agentID, state: .running))
        guard goesOn(.runningTold) else { throw Stop.crash }
        watch(task.taskID, shim)
        // Asked for while it was being started.
        if let grace = runs[task.taskID]?.record.grace { beginKilling(task.taskID, grace: grace) }
    }

    /// - Throws: when the agent is gone, or the task is not wanted any longer.
    private func pass(_ point: FaultPoint?) throws {
        if isStopped { throw Stop.crash }
        if let point, !goesOn(point) { throw Stop.crash }
        try Task.checkCancellation()
    }

    /// For a task of which no process was started.
    private func endStaged(_ taskID: String, _ state: TaskStatus.State, _ message: String, _ reason: TaskStatus.Reason?)
    {
        guard !isStopped else { return }
        end(TaskStatus(taskID: taskID, agentID: agentID, state: state, message: message, reason: reason))
    }

    func box(_ task: TaskLaunch, sandbox: String) -> TaskBox {
        TaskBox(
            taskID: task.taskID, appID: task.appID, sandbox: sandbox,
            arguments: task.definition.cmd.map { ["/bin/sh", "-c", $0] } ?? task.definition.args ?? [],
            environment: TaskEnvironment.of(task, sandbox: sandbox), cpus: task.resources.cpus,
            mem: task.resources.mem)
    }
}
