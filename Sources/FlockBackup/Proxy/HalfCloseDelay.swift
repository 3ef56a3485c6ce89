import NIOCore

/// Tells the peer's FIN one event loop tick later.
///
/// A codec that leaves the pipeline after a 101 does so one tick later, and forgets what it holds when it sees the end
/// before that. An app that sends its 101, a few bytes and FIN in one go would lose the bytes.
final class HalfCloseDelay: ChannelInboundHandler {
    typealias InboundIn = Any

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        context.eventLoop.assumeIsolated().execute {
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }
}
