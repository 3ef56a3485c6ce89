internal import Foundation
public import Logging
internal import Subprocess
internal import SystemPackage

/// One HAProxy: a master process and its workers, which outlive this process.
///
/// ```
///            start             stop
///   nothing ───────▶ running ───────▶ nothing
///      │               ▲  │
///      │     adopt     │  │ the master ends: `terminated()` returns, the caller starts it again
///      └───────────────┘  └──────────▶ nothing
/// ```
public actor HAProxyProcess {
    public nonisolated let files: HAProxyFiles
    /// The program that is run.
    public nonisolated let binary: String
    /// The only socket that should reload this HAProxy.
    public nonisolated let master: MasterSocket

    /// HAProxy loses a reload that comes sooner after the first worker's start.
    static let settlingTime = Duration.milliseconds(20)

    private let clock: any Clock<Duration>
    private let logger: Logger
    private var trace: ProcessTrace?
    private var launch: Launch?
    private var launches = 0
    private var isStarting = false

    private enum Launch {
        case running
        case ended(String)
    }

    /// - Parameter binary: a path or a name; nil means `haproxy`, looked up as `HAProxyBinary.locate` does.
    /// - Throws: `haproxy_binary_not_found`.
    public init(
        binary: String? = nil, files: HAProxyFiles, logger: Logger = Logger(label: "haproxy"),
        clock: any Clock<Duration> = ContinuousClock()
    ) throws(HAProxyError) {
        self.binary = try HAProxyBinary.locate(binary)
        self.files = files
        self.master = MasterSocket(path: files.masterSocket, clock: clock)
        self.logger = logger
        self.clock = clock
    }

    /// Whether the master that was started or adopted is alive.
    public var isRunning: Bool { trace?.isAlive ?? false }

    /// The master's process id, once it was started or adopted.
    public var pid: Int32? { trace?.pid }

    /// How many files the master that runs may have open; nil where the system doesn't tell.
    public var openFiles: Int? { trace?.openFiles }

    // MARK: - check

    /// Lets HAProxy read a configuration without running it: `haproxy -c -f`.
    /// - Parameter configuration: another file than this process's own, such as one not yet in its place.
    /// - Returns: the warnings.
    /// - Throws: `haproxy_invalid_configuration` with HAProxy's alerts, which name file and line; `haproxy_timeout`.
    @discardableResult
    public nonisolated func check(
        configuration: String? = nil, deadline: Duration = .seconds(60)
    ) async throws(HAProxyError) -> [String] {
        let path = configuration ?? files.configuration
        let operation = "check \(path)"
        let result: (isSuccess: Bool, output: String)
        do {
            result = try await withThrowingTaskGroup(of: (isSuccess: Bool, output: String).self) { group in
                group.addTask { [binary] in
                    let result = try await Subprocess.run(
                        .path(FilePath(binary)), arguments: ["-c", "-f", path], output: .string(limit: 16 << 20),
                        error: .combinedWithOutput)
                    return (result.terminationStatus.isSuccess, result.standardOutput)
                }
                group.addTask { [clock] in
                    try await clock.sleep(for: deadline)
                    throw HAProxyError(code: .timeout, operation: operation, message: "no result in \(deadline)")
                }
                defer { group.cancelAll() }
                return try await group.next() ?? (false, "")
            }
        } catch {
            throw HAProxyError(error, operation: operation)
        }
        guard result.isSuccess else {
            throw HAProxyError(
                code: .invalidConfiguration, operation: operation, message: Diagnostics.alerts(in: result.output))
        }
        return Diagnostics.warnings(in: result.output)
    }

    // MARK: - start and adopt

    /// Starts a master in a session of its own and waits until it answers and its first worker has settled.
    ///
    /// No pipe leads from it to us: it would end, or block, when we do.
    /// - Throws: `haproxy_already_running`; `haproxy_start_failed` with HAProxy's alerts; `haproxy_cancelled`, with
    ///   nothing left running.
    public func start(deadline: Duration = .seconds(30)) async throws(HAProxyError) {
        guard !isStarting else {
            throw HAProxyError(code: .alreadyRunning, operation: "start", message: "it is being started")
        }
        isStarting = true
        defer { isStarting = false }
        if let table = try? await master.showProcesses() {
            throw HAProxyError(
                code: .alreadyRunning, operation: "start",
                message: "the master \(table.master.pid) answers at \(files.masterSocket)", hint: "adopt it")
        }
        let written = fileSize(files.logFile)
        do {
            try Task.checkCancellation()
            try spawn()
            trace = try await settled(deadline: deadline, logFrom: written)
        } catch {
            await killLaunched()
            throw HAProxyError(error, operation: "start")
        }
        logger.info("HAProxy started", metadata: ["pid": "\(trace?.pid ?? 0)"])
    }

    /// Takes over the master that a former process of ours has started, if one answers at the socket.
    public func adopt() async -> Bool {
        guard let table = try? await master.showProcesses(), let found = ProcessTrace(pid: table.master.pid) else {
            return false
        }
        // Its worker may be as young as one of `start`.
        try? await clock.sleep(for: Self.settlingTime)
        trace = found
        logger.info("HAProxy adopted", metadata: ["pid": "\(found.pid)"])
        return true
    }

    private func spawn() throws {
        let (output, log) = (try append(files.outputFile), try append(files.logFile))
        var options = PlatformOptions()
        options.createSession = true
        let arguments: Arguments = [
            "-W", "-S", "\(files.masterSocket),mode,600", "-p", files.pidFile, "-f", files.configuration,
        ]
        launch = .running
        launches += 1
        trace = nil
        // Unstructured, since cancelling the caller would end HAProxy: it waits, so that no zombie stays while we live.
        Task.detached { [binary, options, launches, weak self] in
            let end: String
            do {
                let result = try await Subprocess.run(
                    .path(FilePath(binary)), arguments: arguments, platformOptions: options, input: .none,
                    output: .fileDescriptor(output, closeAfterSpawningProcess: true),
                    error: .fileDescriptor(log, closeAfterSpawningProcess: true)
                ) { execution in
                    await self?.noteLaunched(launches, pid: execution.processIdentifier.value)
                }
                end = "\(result.terminationStatus)"
            } catch {
                end = "\(error)"
            }
            await self?.noteEnded(launches, end)
        }
    }

    private func append(_ path: String) throws -> FileDescriptor {
        try .open(
            FilePath(path), .writeOnly, options: [.append, .create, .closeOnExec], permissions: .ownerReadWrite)
    }

    private func noteLaunched(_ launch: Int, pid: Int32) {
        guard launch == launches else { return }
        trace = ProcessTrace(pid: pid)
    }

    /// May come late: the next launch can have begun, once the former process has ended but isn't reaped.
    private func noteEnded(_ launch: Int, _ status: String) {
        if launch == launches { self.launch = .ended(status) }
        logger.info("HAProxy ended", metadata: ["status": "\(status)"])
    }

    private func settled(deadline: Duration, logFrom written: UInt64) async throws -> ProcessTrace {
        let stopwatch = Stopwatch(clock)
        while stopwatch.elapsed < deadline {
            if case .ended(let status) = launch {
                let alerts = Diagnostics.alerts(in: log(from: written))
                throw HAProxyError(
                    code: .startFailed, operation: "start", message: "it ended at once (\(status)): \(alerts)",
                    hint: "see \(files.logFile)")
            }
            if let table = try? await master.showProcesses(timeout: .seconds(1)), !table.workers.isEmpty,
                let trace = ProcessTrace(pid: table.master.pid)
            {
                try await clock.sleep(for: Self.settlingTime)
                return trace
            }
            try await clock.sleep(for: .milliseconds(5))
        }
        throw HAProxyError(
            code: .startFailed, operation: "start", message: "the master doesn't answer after \(deadline)",
            hint: "see \(files.logFile)")
    }

    private func killLaunched() async {
        // A caller cancelled very early comes here before the process id is known.
        await Task { [clock] in
            let stopwatch = Stopwatch(clock)
            while trace == nil, case .running = launch, stopwatch.elapsed < .seconds(2) {
                try? await clock.sleep(for: .milliseconds(5))
            }
        }.value
        guard let trace, case .running = launch else { return }
        trace.send(SIGTERM)
        if await !gone([trace], within: .seconds(2)) { trace.send(SIGKILL) }
    }

    private func log(from offset: UInt64) -> String {
        guard let file = FileHandle(forReadingAtPath: files.logFile) else { return "" }
        defer { try? file.close() }
        try? file.seek(toOffset: offset)
        let bytes = (try? file.readToEnd()) ?? Data()
        return String(decoding: bytes, as: UTF8.self)
    }

    private func fileSize(_ path: String) -> UInt64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.uint64Value ?? 0
    }

    // MARK: - stop

    /// Lets the workers end their requests, then ends them, then kills them; returns when all are gone.
    /// - Parameter deadline: how long requests may take (SIGUSR1) before SIGTERM; two seconds later comes SIGKILL.
    /// - Throws: `haproxy_stop_failed`.
    public func stop(graceful deadline: Duration) async throws(HAProxyError) {
        let table = try? await master.showProcesses()
        if trace == nil, let table { trace = ProcessTrace(pid: table.master.pid) }
        guard let trace, trace.isAlive else {
            removeLeftovers()
            return
        }
        // A killed master leaves its workers, so they are known before.
        let all = [trace] + (table?.workers ?? []).compactMap { ProcessTrace(pid: $0.pid) }
        trace.send(SIGUSR1)
        if await !gone(all, within: deadline) {
            trace.send(SIGTERM)
            if await !gone(all, within: .seconds(2)) {
                for process in all { process.send(SIGKILL) }
                guard await gone(all, within: .seconds(5)) else {
                    let left = all.filter(\.isAlive).map { "\($0.pid)" }.joined(separator: ", ")
                    throw HAProxyError(code: .stopFailed, operation: "stop", message: "still there: \(left)")
                }
            }
        }
        removeLeftovers()
        logger.info("HAProxy stopped", metadata: ["pid": "\(trace.pid)"])
    }

    /// Returns when the master that was started or adopted is gone, or the task is cancelled.
    ///
    /// The master isn't always a child of ours, so it is looked at ten times a second.
    public func terminated() async {
        while isRunning, !Task.isCancelled {
            try? await clock.sleep(for: .milliseconds(100))
        }
    }

    /// Goes on to its deadline even if the caller is cancelled: a stop half done helps nobody.
    private func gone(_ processes: [ProcessTrace], within deadline: Duration) async -> Bool {
        let clock = clock
        return await Task {
            let stopwatch = Stopwatch(clock)
            while processes.contains(where: \.isAlive) {
                if stopwatch.elapsed >= deadline { return false }
                try? await clock.sleep(for: .milliseconds(10))
            }
            return true
        }.value
    }

    private func removeLeftovers() {
        for path in [files.masterSocket, files.pidFile] {
            try? FileManager.default.removeItem(atPath: path)
        }
    }
}
