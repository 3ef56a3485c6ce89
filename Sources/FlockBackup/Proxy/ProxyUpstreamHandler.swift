import NIOCore
import NIOHTTP1

/// Tells `ProxyConnection` what the app does, as long as it speaks HTTP.
final class ProxyUpstreamHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let connection: ProxyConnection

    init(connection: ProxyConnection) {
        self.connection = connection
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.connection.upstream(context, .upstreamSent(Self.unwrapInboundIn(data)), settles: false)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.connection.upstreamReadComplete(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.connection.upstream(context, .upstreamWritable(context.channel.isWritable))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            self.connection.upstream(context, .upstreamEnded)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.connection.upstream(context, .upstreamLost)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.connection.upstreamInactive(context)
    }
}
