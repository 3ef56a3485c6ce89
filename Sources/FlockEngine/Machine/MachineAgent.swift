import AsyncHTTPClient
import Foundation
import Logging
import NIOPosix

/// Runs tasks as processes of this machine. A task lives on when the engine dies, however it dies; the next agent on
/// the same folder finds it again, and tells how it ended if it has.
///
/// Before anything is done for a task, it is written down what there may be to find of it. What is there afterwards
/// (the command not yet taken, the first process, its exit status, the box) is looked at and never believed from
/// memory. Offers begin with the first ``reconcile(_:)``.
///
/// The caller holds the lock on the state folder: two agents must not work on one.
actor MachineAgent: Agent {
    /// A task's `stdout` and `stderr` are rotated at this size, in bytes.
    static let logLimit = 10 << 20
    static let logPause = Duration.seconds(3)
    /// As long as a task may use a whole core to come up.
    static let startTime = Duration.seconds(10)
    /// For tasks that nobody wants any longer.
    static let orphanGrace = Duration.seconds(3)

    nonisolated let updates: AsyncStream<AgentUpdate>
    let continuation: AsyncStream<AgentUpdate>.Continuation
    let agentID: String
    let host: String
    let attributes: [String: String]
    let launcher: any Launcher
    let store: RunStore
    let folders: TaskFolders
    let fetcher: SandboxFetcher
    let clock: AgentClock
    let bootID: String
    let logger: Logger
    private let dies: @Sendable (FaultPoint) -> Bool
    private let queue = AgentQueue()

    var allotment: Allotment
    var runs: [String: Run] = [:]
    var isRecovered = false
    private(set) var isStopped = false
    private var offers = 0
    private(set) var offered: Resources?
    private var keepers: [Task<Void, Never>] = []

    /// A task whose end has not been acknowledged.
    struct Run {
        enum Phase {
            /// Nothing runs yet.
            case staged
            case running(ProcessIdentity)
            /// The first process is gone; the others are being ended.
            case ending
            case ended
        }

        var record: RunRecord
        var phase = Phase.staged
        /// Forgotten at its end without being acknowledged.
        var isOrphan = false
        /// Fetches and starts, until it runs.
        var launching: Task<Void, Never>?
        /// Sends signals, until it has ended.
        var killing: Task<Void, Never>?

        var isEnded: Bool { if case .ended = phase { true } else { false } }
        var shim: ProcessIdentity? { if case .running(let shim) = phase { shim } else { nil } }
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe queue.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - folder: the engine's folder; `tasks` has the sandboxes, `runs` what is known about them.
    ///   - host: what tasks are reached at.
    ///   - http: fetches files; the caller shuts it down.
    ///   - bootID: of the machine's present run.
    ///   - dies: whether the agent is to be gone after this step; for tests.
    init(
        folder: String, launcher: any Launcher, total: Resources, agentID: String, host: String,
        attributes: [String: String] = [:], http: HTTPClient, logger: Logger, clock: AgentClock = .continuous,
        bootID: String = ProcessIdentity.bootID(), dies: @escaping @Sendable (FaultPoint) -> Bool = { _ in false }
    ) {
        self.launcher = launcher
        self.agentID = agentID
        self.host = host
        self.attributes = attributes
        self.logger = logger
        self.clock = clock
        self.bootID = bootID
        self.dies = dies
        store = RunStore(folder: folder)
        folders = TaskFolders(root: folder)
        fetcher = SandboxFetcher(http: http)
        allotment = Allotment(total: total)
        (updates, continuation) = AsyncStream.makeStream()
    }

    // MARK: What the scheduler says

    func accept(_ offerID: String, launching tasks: [TaskLaunch]) {
        recover()
        guard !isStopped, !tasks.isEmpty else { return }
        // Offers are not kept: what was free when one was made counts for nothing, what is free now does.
        for task in tasks where runs[task.taskID] == nil {
            var wanted = task.resources
            // What it will listen on is what it must be given.
            wanted.ports = task.ports.map { $0...$0 }
            if let lack = allotment.take(wanted, for: task.taskID, at: clock.now()) {
                tell(
                    TaskStatus(
                        taskID: task.taskID, agentID: agentID, state: .lost,
                        message: "Offer \(offerID) is no longer valid: not enough \(lack)", reason: .portTaken))
                continue
            }
            runs[task.taskID] = Run(record: RunRecord(launch: task, bootID: bootID))
            runs[task.taskID]?.launching = Task { await self.launch(task) }
        }
        offer()
    }

    func kill(_ taskID: String, grace: Duration) {
        recover()
        guard !isStopped else { return }
        guard let run = runs[taskID] else {
            Task { await clearUnknown(taskID) }
            return
        }
        // Its end is told already.
        guard !run.isEnded else { return }
        runs[taskID]?.record.kill(grace: grace)
        writeDown(taskID)
        guard goesOn(.killRecorded) else { return }
        switch run.phase {
        case .staged: run.launching?.cancel()
        case .running: beginKilling(taskID, grace: grace)
        case .ending, .ended: break
        }
    }

    func acknowledge(_ taskID: String) {
        guard !isStopped, let run = runs[taskID], run.isEnded else { return }
        forget(taskID)
    }

    /// Kills every task, whoever started it, and returns when none is left.
    func killAll(grace: Duration) async {
        recover()
        let unknown = launcher.boxes().subtracting(runs.keys)
        for (taskID, run) in runs where !run.isEnded { kill(taskID, grace: grace) }
        for taskID in unknown { await clear(taskID) }
        while !isStopped, runs.values.contains(where: { !$0.isEnded }) { try? await clock.sleep(.milliseconds(20)) }
    }

    /// Changes what the machine has for tasks. Those that run stay, also on ports that are no longer offered.
    func resize(_ total: Resources) {
        allotment.total = total
        offerIfChanged()
    }

    /// Stops working. The tasks go on; those that are still staged are lost.
    func stop() {
        isStopped = true
        for task in keepers { task.cancel() }
        for run in runs.values {
            run.launching?.cancel()
            run.killing?.cancel()
        }
        continuation.finish()
    }

    // MARK: What is said

    func tell(_ status: TaskStatus) {
        guard !isStopped else { return }
        continuation.yield(.status(status))
    }

    /// Replaces what was offered before.
    func offer() {
        guard isRecovered, !isStopped else { return }
        offers += 1
        let free = allotment.free(at: clock.now())
        offered = free
        continuation.yield(
            .offer(
                Offer(
                    id: "\(agentID)-O\(offers)", agentID: agentID, host: host, attributes: attributes, resources: free,
                    tasks: Set(runs.filter { !$0.value.isEnded }.keys)))
        )
    }

    func offerIfChanged() {
        if offered != allotment.free(at: clock.now()) { offer() }
    }

    /// Leaves the port out until its listener may be gone.
    func avoid(_ port: Int) {
        allotment.avoid(port, at: clock.now())
        offerIfChanged()
        Task { [weak self, clock] in
            try? await clock.sleep(Allotment.avoidance)
            await self?.offerIfChanged()
        }
    }

    // MARK: Keeping

    func beginKeeping() {
        keepers.append(
            Task { [weak self, clock] in
                while (try? await clock.sleep(Self.logPause)) != nil { await self?.rotateLogs() }
            })
    }

    private func rotateLogs() async {
        let sandboxes = runs.filter { $0.value.shim != nil }.keys.map(folders.sandbox)
        try? await NIOThreadPool.singleton.runIfActive { [logger] in
            for sandbox in sandboxes {
                for name in ["stdout", "stderr"] {
                    do {
                        try LogFile.rotate("\(sandbox)/\(name)", limit: Self.logLimit)
                    } catch {
                        logger.debug("log not rotated: \(error)", metadata: ["file": "\(sandbox)/\(name)"])
                    }
                }
            }
        }
    }

    /// Writes down how a run stands. Where the disk refuses, the task is not made to suffer for it: this agent
    /// still knows, a later one will find out less.
    func writeDown(_ taskID: String) {
        guard let record = runs[taskID]?.record else { return }
        do {
            try store.write(record)
        } catch {
            logger.error("\(error)", metadata: ["task": "\(taskID)"])
        }
    }

    /// Whether the agent is still there after this step.
    func goesOn(_ point: FaultPoint) -> Bool {
        if !isStopped, dies(point) { stop() }
        return !isStopped
    }
}
