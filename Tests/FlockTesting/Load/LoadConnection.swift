import NIOCore
import NIOHTTP1
import NIOPosix

/// A connection of HTTP/1.1 on which nothing is sent twice.
final class LoadConnection: Sendable {
    struct Answer: Sendable {
        var status: Int
        var body: String
        /// Whether the server takes another request.
        var isKept: Bool
    }

    /// How an exchange broke off.
    enum Break: Error, Sendable {
        /// The server closed, or reset, before the answer was whole.
        case closed(String)
        case late
        case malformed(String)
    }

    private let channel: any Channel

    var isOpen: Bool { channel.isActive }

    private init(_ channel: any Channel) {
        self.channel = channel
    }

    static func open(port: Int) async throws -> LoadConnection {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(.seconds(10))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        HTTPRequestEncoder(), ByteToMessageHandler(HTTPResponseDecoder()), ExchangeHandler(),
                    ])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return LoadConnection(channel)
    }

    /// - Throws: ``Break``.
    func exchange(_ request: LoadRequest, within limit: TimeAmount) async throws -> Answer {
        let answer = channel.eventLoop.makePromise(of: Answer.self)
        channel.writeAndFlush(Exchange(request: request, limit: limit, answer: answer)).whenFailure {
            answer.fail(Break.closed("\($0)"))
        }
        return try await answer.futureResult.get()
    }

    func close() { channel.close(promise: nil) }
}

private struct Exchange: Sendable {
    var request: LoadRequest
    var limit: TimeAmount
    var answer: EventLoopPromise<LoadConnection.Answer>
}

/// Writes a request's parts and gathers those of its answer.
private final class ExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = Exchange
    typealias OutboundOut = HTTPClientRequestPart

    private var current: Exchange?
    private var deadline: Scheduled<Void>?
    private var head: HTTPResponseHead?
    private var body = ByteBuffer()

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let exchange = Self.unwrapOutboundIn(data)
        let request = exchange.request
        (current, head, body) = (exchange, nil, ByteBuffer())
        let answer = exchange.answer
        deadline = context.eventLoop.scheduleTask(in: exchange.limit) { answer.fail(LoadConnection.Break.late) }
        var headers: HTTPHeaders = ["Host": request.host]
        if let body = request.body { headers.add(name: "Content-Length", value: "\(body.bytes.readableBytes)") }
        if request.connection == .new { headers.add(name: "Connection", value: "close") }
        if let cookie = request.cookie { headers.add(name: "Cookie", value: cookie) }
        let head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.path, headers: headers)
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        if let body = request.body {
            context.write(Self.wrapOutboundOut(.body(.byteBuffer(body.bytes))), promise: nil)
        }
        context.write(Self.wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch Self.unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(var bytes): body.writeBuffer(&bytes)
        case .end:
            guard let head else { return }
            deadline?.cancel()
            current?.answer.succeed(
                LoadConnection.Answer(
                    status: Int(head.status.code), body: String(buffer: body), isKept: head.isKeepAlive))
            current = nil
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error is HTTPParserError ? .malformed("\(error)") : .closed("\(error)"))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.closed(head == nil ? "before the answer" : "in the middle of the answer"))
    }

    private func fail(_ why: LoadConnection.Break) {
        deadline?.cancel()
        current?.answer.fail(why)
        current = nil
    }
}
