import NIOCore
import NIOHTTP1
import NIOPosix

/// An HTTP server that answers every request as it is told.
final class TinyServer: Sendable {
    struct Answer: Sendable {
        var status: Int
        var body = ""
    }

    let port: Int
    private let channel: any Channel

    /// - Parameter answer: from method and path with query.
    init(_ answer: @escaping @Sendable (_ method: String, _ uri: String) -> Answer) async throws {
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

    func stop() async throws {
        try await channel.close()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answer: @Sendable (String, String) -> Answer
        private var head: HTTPRequestHead?

        init(_ answer: @escaping @Sendable (String, String) -> Answer) {
            self.answer = answer
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): self.head = head
            case .body: break
            case .end:
                guard let head else { return }
                let answer = answer(head.method.rawValue, head.uri)
                let headers = HTTPHeaders([("Content-Length", "\(answer.body.utf8.count)")])
                let status = HTTPResponseStatus(statusCode: answer.status)
                context.write(
                    wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
