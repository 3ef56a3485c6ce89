internal import NIOCore

/// Collects the answers of one exchange, and keeps the promise when they are whole.
final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var splitter: AnswerSplitter
    private let answers: EventLoopPromise<[[UInt8]]>
    private var cause: (any Error)?

    init(end: AnswerSplitter.End, answers: EventLoopPromise<[[UInt8]]>) {
        self.splitter = AnswerSplitter(end: end)
        self.answers = answers
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        splitter.feed(unwrapInboundIn(data).readableBytesView)
        if splitter.isComplete { answers.succeed(splitter.answers) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if splitter.finish() {
            answers.succeed(splitter.answers)
        } else {
            let cause = cause.map { ": \($0)" } ?? ""
            answers.fail(
                HAProxyError(
                    code: .closed, operation: "read the answer",
                    message: "HAProxy closed the connection after \(splitter.answers.count) answers\(cause)"))
        }
        context.fireChannelInactive()
    }

    /// A reset is how a master that reloads ends its connections: what was read still counts.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        cause = error
        context.close(promise: nil)
    }
}
