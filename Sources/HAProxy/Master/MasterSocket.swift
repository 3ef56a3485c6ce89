public import NIOCore
internal import NIOPosix

/// The socket of a master process, the one of `-S` (Management Guide, 9.4).
///
/// Whatever reloads a master goes through one of these: a reload asked for during another is lost, and this actor
/// lets the second wait.
public actor MasterSocket {
    public nonisolated let path: String
    private let exchange: SocketExchange
    private let clock: any Clock<Duration>
    private var lastReload: Task<Void, Never>?

    public init(
        path: String, group: (any EventLoopGroup)? = nil,
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.path = path
        self.exchange = SocketExchange(path: path, group: group ?? MultiThreadedEventLoopGroup.singleton)
        self.clock = clock
    }

    /// The master and its workers.
    /// - Throws: `haproxy_unreachable`, `haproxy_closed`, `haproxy_timeout`, `haproxy_cancelled`,
    ///   `haproxy_malformed_answer`.
    public nonisolated func showProcesses(timeout: Duration = .seconds(5)) async throws(HAProxyError) -> ProcessTable {
        try ProcessTable.parse(try await text(of: "show proc", timeout: timeout))
    }

    /// Runs a command in a worker, which may be an old one: `@!PID command`.
    ///
    /// An old worker tells its sessions, which no other socket does, but takes no changes: its proxies are disabled.
    /// - Throws: `haproxy_refused` also if there is no such worker any more.
    @discardableResult
    public nonisolated func run(
        on worker: Int32, _ command: RuntimeCommand, timeout: Duration = .seconds(5)
    ) async throws(HAProxyError) -> String {
        let answer = RuntimeAnswer(
            command: command, text: try await text(of: "@!\(worker) \(command)", timeout: timeout))
        if var refusal = answer.refusal {
            refusal.operation = "@!\(worker) \(command)"
            throw refusal
        }
        return answer.text
    }

    /// The statistics of one worker, or those of one backend in it.
    /// - Throws: as `run(on:_:)` and `StatsCSV`.
    public nonisolated func statistics(
        of worker: Int32, backend: HAProxyName? = nil, timeout: Duration = .seconds(5)
    ) async throws(HAProxyError) -> [StatsRow] {
        let command = backend.map { RuntimeCommand.showStatOf(backend: $0) } ?? .showStat(backendsOnly: false)
        return try StatsCSV.rows(in: Array(try await run(on: worker, command, timeout: timeout).utf8))
    }

    /// Makes the master read its file again, and waits until a new worker has taken over.
    ///
    /// HAProxy answers at once even for a bad file; what happened is in `show proc`. A reload asked for while another
    /// runs starts after it, and its deadline with it. Once sent, a reload isn't undone: cancelling the caller doesn't
    /// end the wait.
    /// - Throws: `haproxy_reload_failed` if the file is bad (the former worker serves on), `haproxy_reload_unconfirmed`
    ///   if the deadline passes, `haproxy_unreachable` if no master is there.
    /// - Returns: the processes afterwards, old workers among them.
    @discardableResult
    public func reload(confirm deadline: Duration) async throws(HAProxyError) -> ProcessTable {
        let previous = lastReload
        let mine = Task<Result<ProcessTable, HAProxyError>, Never> {
            await previous?.value
            do throws(HAProxyError) {
                return .success(try await reloadAlone(deadline: deadline))
            } catch {
                return .failure(error)
            }
        }
        lastReload = Task { _ = await mine.value }
        return try await mine.value.get()
    }

    private nonisolated func reloadAlone(deadline: Duration) async throws(HAProxyError) -> ProcessTable {
        let stopwatch = Stopwatch(clock)
        let before = try await showProcesses(timeout: deadline)
        // The master replaces itself with exec, which closes this connection: that is the answer.
        do throws(HAProxyError) {
            _ = try await exchange.send("reload\n", ending: .close, timeout: deadline, operation: "reload")
        } catch  where error.code == .timeout {
            // It may have been read all the same: what happened is unconfirmed, not undone.
        }
        var last = "no answer since"
        while stopwatch.elapsed < deadline {
            do throws(HAProxyError) {
                let now = try await showProcesses(timeout: max(.milliseconds(1), deadline - stopwatch.elapsed))
                if now.master.reloads > before.master.reloads {
                    guard now.master.failed == 0 else {
                        throw HAProxyError(
                            code: .reloadFailed, operation: "reload",
                            message: "the master could not load its configuration (\(now.master.failed) failed)",
                            hint: "the reason is in HAProxy's log; haproxy -c tells it too")
                    }
                    return now
                }
                last = "still \(now.master.reloads) reloads"
            } catch {
                // Between the two programs nobody answers.
                if error.code == .reloadFailed || error.code == .cancelled { throw error }
                last = error.message
            }
            try? await clock.sleep(for: .milliseconds(5))
        }
        throw HAProxyError(
            code: .reloadUnconfirmed, operation: "reload", message: "not confirmed in \(deadline): \(last)",
            hint: "show proc on \(path) tells the state")
    }

    private nonisolated func text(of command: String, timeout: Duration) async throws(HAProxyError) -> String {
        let answers = try await exchange.send(
            command + "\n", ending: .emptyLine, timeout: timeout, operation: command)
        return String(decoding: answers.first ?? [], as: UTF8.self)
    }
}
