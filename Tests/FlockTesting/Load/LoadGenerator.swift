import NIOCore

/// Sends requests over kept and over new connections, checks each answer, and retries nothing.
public actor LoadGenerator {
    private let port: Int
    private let clock = ContinuousClock()
    private let began = ContinuousClock.now
    private var idle: [(connection: LoadConnection, since: ContinuousClock.Instant, requests: Int)] = []
    private var report = LoadReport()

    /// More than a request is held, so that the server's word on it is heard.
    private static let limit = Duration.seconds(45)

    /// So many requests of a stream are under way at once.
    private static let most = 100

    /// - Parameter port: HAProxy's, on this machine.
    public init(port: Int) {
        self.port = port
    }

    /// What came of it so far.
    public func findings() -> LoadReport {
        var report = report
        report.elapsed = clock.now - began
        return report
    }

    /// Sends one request after another, each at its time whether or not the former were answered, unless too many are
    /// under way, until the flag is raised or the task is cancelled; then waits for the answers.
    public func send(
        every interval: Duration, until isOver: Flag, _ request: @escaping @Sendable (_ number: Int) -> LoadRequest
    ) async {
        await withTaskGroup { group in
            var next = clock.now
            var number = 0
            while !isOver.isRaised && !Task.isCancelled {
                let due = request(number)
                group.addTask { await self.send(due) }
                number += 1
                // What lags behind is not pushed further behind.
                if number >= Self.most { _ = await group.next() }
                next = max(next + interval, clock.now - interval)
                try? await clock.sleep(until: next)
            }
        }
    }

    /// Sends one request, and keeps what came of it.
    /// - Returns: whether the answer was right.
    @discardableResult
    public func send(_ request: LoadRequest) async -> Bool {
        let start = clock.now
        var history = "new"
        var failure: String?
        do {
            var connection: LoadConnection?
            var requests = 0
            if request.connection == .kept, let kept = takeIdle() {
                (connection, requests) = (kept.connection, kept.requests)
                history = "kept, \(requests) requests, idle for \(start - kept.since)"
                report.kept += 1
            }
            let open: LoadConnection
            if let connection { open = connection } else { open = try await LoadConnection.open(port: port) }
            failure = await exchange(request, on: open, requests: requests + 1)
        } catch {
            failure = "not connected: \(error)"
        }
        let took = clock.now - start
        report.answers.append(
            .init(start: start - began, took: took - .milliseconds(request.wait), body: request.body != nil))
        if let failure {
            report.failures.append(
                "at \(start - began) after \(took), connection \(history): "
                    + "\(request.method) \(request.host)\(request.path): \(failure)")
        }
        return failure == nil
    }

    /// - Returns: what was wrong.
    private func exchange(_ request: LoadRequest, on connection: LoadConnection, requests: Int) async -> String? {
        do {
            let answer = try await connection.exchange(
                request, within: .nanoseconds(Int64(Self.limit / .nanoseconds(1))))
            if request.connection == .kept && answer.isKept {
                idle.append((connection, clock.now, requests))
            } else {
                connection.close()
            }
            if answer.status != 200 { return "status \(answer.status): \(answer.body.prefix(200))" }
            return request.accepts(answer.body) ? nil : "wrong answer: \(answer.body.prefix(200))"
        } catch {
            connection.close()
            return "\(error)"
        }
    }

    /// Any of those that the server has not closed meanwhile, as it may.
    private func takeIdle() -> (connection: LoadConnection, since: ContinuousClock.Instant, requests: Int)? {
        idle.removeAll { !$0.connection.isOpen }
        guard let index = idle.indices.randomElement() else { return nil }
        return idle.remove(at: index)
    }

    /// Closes the connections that are left.
    public func close() {
        for (connection, _, _) in idle { connection.close() }
        idle = []
    }
}
