import NIOCore
public import NIOHTTP1
import NIOPosix

/// An HTTP server that answers every request as it is told.
public final class TinyServer: Sendable {
    public enum Answer: Sendable {
        case full(status: Int, body: String)
        /// A head, and a body that does not come.
        case head
        /// The question is taken, and nothing follows.
        case silence

        public static func status(_ status: Int) -> Answer { .full(status: status, body: "") }
        public static func ok(_ body: String) -> Answer { .full(status: 200, body: body) }
    }

    public let port: Int
    private let channel: any Channel

    /// - Parameter answer: from method and path with query.
    public convenience init(_ answer: @escaping @Sendable (_ method: String, _ uri: String) -> Answer) async throws {
        try await self.init(reading: { head, _ in answer(head.method.rawValue, head.uri) })
    }

    /// - Parameter answer: from the head and the whole body.
    public static func reading(
        _ answer: @escaping @Sendable (HTTPRequestHead, _ body: String) -> Answer
    ) async throws -> TinyServer {
        try await TinyServer(reading: answer)
    }

    private init(reading answer: @escaping @Sendable (HTTPRequestHead, String) -> Answer) async throws {
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    public func stop() async throws {
        try await channel.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answer: @Sendable (HTTPRequestHead, String) -> Answer
        private var head: HTTPRequestHead?
        private var body = ""

        init(_ answer: @escaping @Sendable (HTTPRequestHead, String) -> Answer) {
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, "")
            case .body(let buffer): body += String(buffer: buffer)
            case .end:
                guard let head else { return }
                switch answer(head, body) {
                case .silence: break
                case .head: send(.ok, length: 1, context)
                case .full(let status, let body):
                    send(HTTPResponseStatus(statusCode: status), length: body.utf8.count, context)
                    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
                    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
                }
            }
        }

        private func send(_ status: HTTPResponseStatus, length: Int, _ context: ChannelHandlerContext) {
            let headers = HTTPHeaders([("Content-Length", "\(length)")])
            context.writeAndFlush(
                wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
        }
    }
}
