import NIOCore
import NIOPosix
import Synchronization

/// A connection that sends and sees bytes, so that nothing is tidied up on the way.
public final class RawConnection: Sendable {
    private struct Seen {
        var bytes: [UInt8] = []
        var hasEnded = false
    }

    private let channel: any Channel
    private let seen: Collector

    private init(_ channel: any Channel, _ seen: Collector) {
        self.channel = channel
        self.seen = seen
    }

    /// - Parameter port: on this machine.
    public static func open(port: Int) async throws -> RawConnection {
        let collector = Collector()
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { $0.pipeline.addHandler(collector) }
            .connect(host: "127.0.0.1", port: port).get()
        return RawConnection(channel, collector)
    }

    public func send(_ bytes: some Sequence<UInt8>) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    public var received: [UInt8] { seen.state.withLock(\.bytes) }
    public var text: String { String(decoding: received, as: UTF8.self) }
    /// The peer has ended its side, or the connection broke.
    public var hasEnded: Bool { seen.state.withLock(\.hasEnded) }

    public func close() { channel.close(promise: nil) }

    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let state = Mutex(Seen())

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Self.unwrapInboundIn(data).readableBytesView
            state.withLock { $0.bytes += bytes }
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case ChannelEvent.inputClosed = event { state.withLock { $0.hasEnded = true } }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            state.withLock { $0.hasEnded = true }
        }
    }
}
