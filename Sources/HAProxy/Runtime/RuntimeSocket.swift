public import NIOCore
internal import NIOPosix

/// The stats socket of a HAProxy process (Management Guide, 9.3).
public struct RuntimeSocket: Sendable {
    public let path: String
    private let exchange: SocketExchange

    /// - Parameter path: of the `stats socket` of the configuration, with `level admin` for commands that set.
    public init(path: String, group: (any EventLoopGroup)? = nil) {
        self.path = path
        self.exchange = SocketExchange(path: path, group: group ?? MultiThreadedEventLoopGroup.singleton)
    }

    /// Runs commands in order on one connection and gives their answers.
    ///
    /// A refused command doesn't keep HAProxy from running those after it: for what each did, use `answers(to:)`.
    /// - Throws: `haproxy_refused` for the first command that was refused, `haproxy_unreachable`, `haproxy_closed`,
    ///   `haproxy_timeout`, `haproxy_cancelled`. After the last three, any number of the commands has run.
    @discardableResult
    public func run(
        _ commands: [RuntimeCommand], timeout: Duration = .seconds(5)
    ) async throws(HAProxyError) -> [String] {
        let answers = try await answers(to: commands, timeout: timeout)
        for answer in answers {
            if let refusal = answer.refusal { throw refusal }
        }
        return answers.map(\.text)
    }

    /// Runs commands in order on one connection; what was refused is told in each answer.
    /// - Throws: `haproxy_unreachable`, `haproxy_closed`, `haproxy_timeout`, `haproxy_cancelled`.
    public func answers(
        to commands: [RuntimeCommand], timeout: Duration = .seconds(5)
    ) async throws(HAProxyError) -> [RuntimeAnswer] {
        let texts = try await bytes(for: commands, timeout: timeout)
        return zip(commands, texts).map { RuntimeAnswer(command: $0, text: String(decoding: $1, as: UTF8.self)) }
    }

    /// The statistics: all rows, or those of backends, which are a third and cost HAProxy half.
    /// - Throws: as `run` and `StatsCSV`.
    public func statistics(
        backendsOnly: Bool = false, timeout: Duration = .seconds(5)
    ) async throws(HAProxyError) -> [StatsRow] {
        let answers = try await bytes(for: [.showStat(backendsOnly: backendsOnly)], timeout: timeout)
        return try StatsCSV.rows(in: answers[0])
    }

    /// The statistics of one backend and its servers: a fraction of a millisecond, however many others there are.
    /// - Throws: as `run` and `StatsCSV`; `haproxy_refused` if there is no such backend.
    public func statistics(
        of backend: HAProxyName, timeout: Duration = .seconds(5)
    ) async throws(HAProxyError) -> [StatsRow] {
        try StatsCSV.rows(in: Array(try await run([.showStatOf(backend: backend)], timeout: timeout)[0].utf8))
    }

    /// The rows of a stick table.
    /// - Throws: as `run`; `haproxy_refused` if there is no such table.
    public func table(
        _ name: HAProxyName, timeout: Duration = .seconds(5)
    ) async throws(HAProxyError) -> [StickTableEntry] {
        try StickTableEntry.rows(in: try await run([.showTable(name)], timeout: timeout)[0])
    }

    /// The servers of a backend, or of all.
    /// - Throws: as `run`; `haproxy_refused` if there is no such backend.
    public func servers(
        of backend: HAProxyName? = nil, timeout: Duration = .seconds(5)
    ) async throws(HAProxyError) -> [ServerState] {
        try ServerState.rows(in: try await run([.showServersState(backend: backend)], timeout: timeout)[0])
    }

    /// The entries of a map in the order HAProxy keeps them.
    /// - Throws: as `run`; `haproxy_refused` if the configuration uses no such map.
    public func map(
        _ path: PathToken, timeout: Duration = .seconds(5)
    ) async throws(HAProxyError) -> [MapEntry] {
        try MapEntry.entries(in: try await run([.showMap(path: path)], timeout: timeout)[0])
    }

    private func bytes(
        for commands: [RuntimeCommand], timeout: Duration
    ) async throws(HAProxyError) -> [[UInt8]] {
        guard let first = commands.first else { return [] }
        let operation = commands.count == 1 ? "\(first)" : "\(first) and \(commands.count - 1) more"
        // The first prompt answers the command `prompt` itself.
        let answers = try await exchange.send(
            RuntimeRequest.text(for: commands), ending: .prompts(commands.count + 1), timeout: timeout,
            operation: operation)
        return Array(answers.dropFirst())
    }
}
