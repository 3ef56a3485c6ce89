import NIOCore
import NIOPosix
import Synchronization

/// A client that sends and sees bytes, so that nothing between it and the proxy is tidied up by a library.
final class ProxyTestClient: Sendable {
    struct Seen {
        var bytes = ByteBuffer()
        /// FIN, or closed in any way.
        var ended = false
        var reset = false
    }

    private let channel: any Channel
    private let seen: Collector

    private init(channel: any Channel, seen: Collector) {
        self.channel = channel
        self.seen = seen
    }

    /// - Parameter reads: false for a client that never reads.
    static func connect(to address: SocketAddress, reads: Bool = true) async throws -> ProxyTestClient {
        let collector = Collector()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: reads)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { $0.pipeline.addHandler(collector) }
            .connect(to: address)
            .get()
        return ProxyTestClient(channel: channel, seen: collector)
    }

    func send(_ text: String) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(string: text))
    }

    func send(_ bytes: ByteBuffer) async throws {
        try await self.channel.writeAndFlush(bytes)
    }

    /// Writes without waiting; `written` counts what the kernel took.
    func push(_ bytes: ByteBuffer) {
        let count = bytes.readableBytes
        self.channel.writeAndFlush(bytes).whenSuccess { _ = self.seen.written.wrappingAdd(count, ordering: .relaxed) }
    }

    var written: Int { self.seen.written.load(ordering: .relaxed) }

    func endOutput() async throws { try await self.channel.close(mode: .output) }
    func close() { self.channel.close(promise: nil) }

    var bytes: ByteBuffer { self.seen.state.withLock { $0.bytes } }
    var text: String { String(buffer: self.bytes) }
    var ended: Bool { self.seen.state.withLock { $0.ended } }
    var reset: Bool { self.seen.state.withLock { $0.reset } }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let state = Mutex(Seen())
        let written = Atomic<Int>(0)

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = Self.unwrapInboundIn(data)
            self.state.withLock { _ = $0.bytes.writeBuffer(&bytes) }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { self.state.withLock { $0.ended = true } }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            self.state.withLock { $0.reset = true }
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.state.withLock { $0.ended = true }
        }
    }
}
