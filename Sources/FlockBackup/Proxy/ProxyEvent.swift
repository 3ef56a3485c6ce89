import NIOCore
import NIOHTTP1

/// What can happen to one client connection and the app's connection behind it.
enum ProxyEvent {
    case clientSent(HTTPServerRequestPart)
    /// What the client sends is not HTTP; it gets this status after the answers it is still owed.
    case clientMalformed(HTTPResponseStatus)
    case clientSentBytes(ByteBuffer)
    /// The client will send no more (FIN). Outside a tunnel this means it is gone.
    case clientEnded
    case clientLost
    case clientWritable(Bool)

    case decided(ProxyDecision)
    case connected
    case connectFailed

    case upstreamSent(HTTPClientResponsePart)
    case upstreamSentBytes(ByteBuffer)
    case upstreamEnded
    case upstreamLost
    case upstreamWritable(Bool)

    /// The server stops: finish what runs, take nothing new.
    case drain
}
