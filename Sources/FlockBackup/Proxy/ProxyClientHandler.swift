import NIOCore
import NIOHTTP1

/// Tells `ProxyConnection` what the client does, as long as it speaks HTTP.
final class ProxyClientHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart

    private let connection: ProxyConnection

    init(connection: ProxyConnection) {
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.connection.clientReady(context)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.connection.clientReadComplete()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.connection.client(.clientSent(Self.unwrapInboundIn(data)), settles: false)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.connection.clientReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.connection.client(.clientWritable(context.channel.isWritable))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed: self.connection.client(.clientEnded)
        case is ProxyDrain: self.connection.drain()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error as? HTTPParserError {
        // The connection ended within a request; its end is told as an event of its own.
        case .invalidEOFState: break
        case .headerOverflow: self.connection.client(.clientMalformed(.requestHeaderFieldsTooLarge))
        case .some: self.connection.client(.clientMalformed(.badRequest))
        case nil: context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.connection.clientInactive()
    }
}
