import NIOCore

/// Tells `ProxyConnection` what one side of a tunnel does: bytes, and the end of them.
final class ProxyTunnelHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    enum Side { case client, upstream }

    private let connection: ProxyConnection
    private let side: Side

    init(connection: ProxyConnection, side: Side) {
        self.connection = connection
        self.side = side
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Self.unwrapInboundIn(data)
        switch self.side {
        case .client: self.connection.client(.clientSentBytes(bytes))
        case .upstream: self.connection.upstream(context, .upstreamSentBytes(bytes))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        switch self.side {
        case .client: self.connection.clientReadComplete()
        case .upstream: self.connection.upstreamReadComplete(context)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let writable = context.channel.isWritable
        switch self.side {
        case .client: self.connection.client(.clientWritable(writable))
        case .upstream: self.connection.upstream(context, .upstreamWritable(writable))
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        switch self.side {
        case .client: self.connection.client(.clientEnded)
        case .upstream: self.connection.upstream(context, .upstreamEnded)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        switch self.side {
        case .client: self.connection.clientInactive()
        case .upstream: self.connection.upstreamInactive(context)
        }
    }
}
