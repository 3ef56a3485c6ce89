import AsyncHTTPClient
import Foundation
import Logging
import Marathon
import NIOCore
import NIOPosix
import Subprocess
import SystemPackage

/// Runs tasks as processes of this machine. A task leads its own session, writes to files rather than to our
/// pipes, and lives on when the engine dies.
actor LocalAgent {
    nonisolated let reports: AsyncStream<AgentReport>
    private let continuation: AsyncStream<AgentReport>.Continuation
    private let folders: TaskFolders
    private let fetcher: ArtifactFetcher
    private let logger: Logger
    /// Tasks that are being prepared or run, and what ends them.
    private var tasks: [String: Run] = [:]

    private struct Run {
        var appID: String
        var pid: Int32?
        /// Fetches, then waits for the process to end.
        var work: Task<Void, Never>?
        /// Once it is to end: the time between SIGTERM and SIGKILL.
        var grace: Duration?
        var isKilled: Bool { grace != nil }
    }

    /// The task's first process. It outlives SIGTERM to its group, so that it can write down how the command
    /// ended even when no engine is there to see it.
    private static let shim = """
        trap : TERM INT HUP
        echo $$ > "$1"
        /bin/sh -c "$3"
        code=$?
        echo $code > "$2.new" && mv "$2.new" "$2"
        exit $code
        """

    init(folders: TaskFolders, http: HTTPClient, logger: Logger) {
        self.folders = folders
        self.logger = logger
        fetcher = ArtifactFetcher(http: http)
        (reports, continuation) = AsyncStream.makeStream()
    }

    func launch(_ task: TaskRecord, _ definition: AppDefinition) {
        tasks[task.id] = Run(appID: task.appID)
        tasks[task.id]?.work = Task { await self.run(task, definition) }
    }

    func kill(_ taskID: String, grace: Duration) {
        guard let run = tasks[taskID] else {
            continuation.yield(.ended(taskID: taskID, .lost))
            return
        }
        tasks[taskID]?.grace = grace
        // While it is staged there is no process: the launch stops at its next step.
        guard let pid = run.pid else { return }
        ProcessTable.signal(group: pid, SIGTERM)
        Task { await self.forceKill(taskID, pid: pid, after: grace) }
    }

    func forget(_ taskID: String) {
        folders.forgetRun(taskID)
    }

    func reconcile(_ known: [TaskRecord]) {
        for task in known {
            guard let pid = task.pid ?? folders.number(in: folders.pidFile(task.id)),
                ProcessTable.isTask(task.id, pid: pid)
            else {
                finish(task.id, pid: nil)
                continue
            }
            tasks[task.id] = Run(appID: task.appID, pid: pid)
            if task.pid == nil { continuation.yield(.started(taskID: task.id, pid: pid)) }
            tasks[task.id]?.work = Task { await self.watch(task.id, pid: pid) }
        }
    }

    /// Kills every task and waits until none is left.
    func killAll(grace: Duration) async {
        for taskID in tasks.keys { kill(taskID, grace: grace) }
        for run in tasks.values { await run.work?.value }
    }

    // MARK: A task's life

    private func run(_ task: TaskRecord, _ definition: AppDefinition) async {
        let sandbox = folders.sandbox(task.id)
        do {
            try folders.create(task.id)
            for uri in definition.uris ?? [] { try await fetcher.fetch(uri, into: sandbox) }
            for port in task.ports where await !isFree(port) {
                end(task.id, .portTaken(port))
                return
            }
        } catch {
            end(task.id, .failedToStart((error as? EngineError)?.message ?? "\(error)"))
            return
        }
        guard tasks[task.id]?.isKilled == false else {
            end(task.id, .signalled(SIGTERM))
            return
        }
        do {
            let command = definition.cmd ?? (definition.args ?? []).map(Self.quoted).joined(separator: " ")
            let output = try Self.append(to: "\(sandbox)/stdout")
            let errors = try Self.append(to: "\(sandbox)/stderr")
            var options = PlatformOptions()
            options.createSession = true
            let variables = TaskEnvironment.of(task, definition, sandbox: sandbox)
            let result = try await Subprocess.run(
                .path("/bin/sh"),
                arguments: [
                    "-c", Self.shim, "flock-task", folders.pidFile(task.id), folders.exitFile(task.id), command,
                ],
                environment: .custom(
                    Dictionary(
                        uniqueKeysWithValues: variables.compactMap { name, value in
                            Environment.Key(rawValue: name).map { ($0, value) }
                        })),
                workingDirectory: FilePath(sandbox), platformOptions: options, input: .none,
                output: .fileDescriptor(output, closeAfterSpawningProcess: true),
                error: .fileDescriptor(errors, closeAfterSpawningProcess: true)
            ) { execution in
                self.hasStarted(task.id, pid: execution.processIdentifier.value)
            }
            _ = result
            finish(task.id, pid: tasks[task.id]?.pid)
        } catch {
            end(task.id, .failedToStart("cannot be started: \(error)"))
        }
    }

    private func hasStarted(_ taskID: String, pid: Int32) {
        tasks[taskID]?.pid = pid
        continuation.yield(.started(taskID: taskID, pid: pid))
        // Asked for between the last look and the start.
        if let grace = tasks[taskID]?.grace { kill(taskID, grace: grace) }
    }

    /// For tasks that an earlier engine started: they are not our children, so nobody tells us of their end.
    private func watch(_ taskID: String, pid: Int32) async {
        while ProcessTable.isAlive(pid) { try? await Task.sleep(for: .milliseconds(100)) }
        finish(taskID, pid: pid)
    }

    private func forceKill(_ taskID: String, pid: Int32, after grace: Duration) async {
        let deadline = ContinuousClock.now + grace
        while tasks[taskID]?.pid == pid {
            if ContinuousClock.now >= deadline { ProcessTable.signal(group: pid, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The first process is gone: whatever it left behind goes too.
    private func finish(_ taskID: String, pid: Int32?) {
        if let pid { ProcessTable.signal(group: pid, SIGKILL) }
        switch folders.number(in: folders.exitFile(taskID)) {
        // The shell tells of a signal as 128 and its number.
        case .some(let code) where code > 128 && code < 160: end(taskID, .signalled(code - 128))
        case .some(let code): end(taskID, .exited(code))
        case nil: end(taskID, tasks[taskID]?.isKilled == true ? .signalled(SIGKILL) : .lost)
        }
    }

    private func end(_ taskID: String, _ ending: Scheduler.Ending) {
        let appID = tasks.removeValue(forKey: taskID)?.appID
        continuation.yield(.ended(taskID: taskID, ending))
        if let appID { folders.prune(appID: appID, except: Set(tasks.keys).union([taskID])) }
    }

    // MARK: Details

    private static func append(to path: String) throws -> SystemPackage.FileDescriptor {
        try SystemPackage.FileDescriptor.open(
            FilePath(path), .writeOnly, options: [.append, .create, .closeOnExec], permissions: [.ownerReadWrite])
    }

    private static func quoted(_ word: String) -> String {
        "'" + word.replacingOccurrences(of: "'", with: #"'\''"#) + "'"
    }

    /// Whether a task could listen there: nobody else does, on any address.
    private func isFree(_ port: Int) async -> Bool {
        do {
            let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1).bind(host: "0.0.0.0", port: port).get()
            try await channel.close()
            return true
        } catch {
            return false
        }
    }
}

enum AgentReport: Sendable {
    case started(taskID: String, pid: Int32)
    case ended(taskID: String, Scheduler.Ending)
}
