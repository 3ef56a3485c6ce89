internal import NIOCore
internal import NIOPosix

/// One connection to a unix socket of HAProxy: sends a request, reads its answers, closes.
struct SocketExchange: Sendable {
    let path: String
    let group: any EventLoopGroup

    /// - Throws: `haproxy_unreachable`, `haproxy_closed`, `haproxy_timeout`, `haproxy_cancelled`.
    func send(
        _ request: String, ending end: AnswerSplitter.End, timeout: Duration, operation: String
    ) async throws(HAProxyError) -> [[UInt8]] {
        let loop = group.next()
        let answers = loop.makePromise(of: [[UInt8]].self)
        let connection = ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AnswerCollector(end: end, answers: answers))
                }
            }
            .connect(unixDomainSocketPath: path)
        connection.whenFailure { error in
            answers.fail(
                HAProxyError(
                    code: .unreachable, operation: operation, message: "\(path): \(error)",
                    hint: "check that HAProxy runs and that this user may open the socket"))
        }
        connection.whenSuccess { channel in
            channel.writeAndFlush(ByteBuffer(string: request), promise: nil)
        }
        let alarm = loop.scheduleTask(in: TimeAmount(timeout)) {
            answers.fail(
                HAProxyError(code: .timeout, operation: operation, message: "no whole answer in \(timeout)"))
        }
        answers.futureResult.whenComplete { _ in
            alarm.cancel()
            connection.whenSuccess { $0.close(promise: nil) }
        }
        do {
            return try await withTaskCancellationHandler {
                try await answers.futureResult.get()
            } onCancel: {
                answers.fail(CancellationError())
            }
        } catch {
            var error = HAProxyError(error, operation: operation)
            error.operation = operation
            throw error
        }
    }
}
