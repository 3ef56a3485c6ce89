import NIOCore
import NIOHTTP1

/// What `ProxyStateMachine` wants done.
enum ProxyAction: Equatable {
    /// What became of the task that a request was sent to.
    enum Loss: String {
        case refused = "the app's task could not be connected to"
        case died = "the app's task broke off before it answered"
    }

    case ask(HTTPRequestHead)
    case askAgain(HTTPRequestHead, failed: Endpoint, Loss, attempt: Int)
    case cancelAsk

    case connect(Endpoint)
    /// Close the app's connection, or give up opening it. No event of it may arrive afterwards.
    case closeUpstream
    case sendHead(HTTPRequestHead)
    case sendBody(ByteBuffer)
    case sendEnd(HTTPHeaders?)

    case respondHead(HTTPResponseHead)
    case respondBody(ByteBuffer)
    case respondEnd(HTTPHeaders?)
    /// Say that nothing more comes once all is written, wait a little for the client's end, then close.
    case finishClient
    /// Close now. With `reset`, so that the client can't take the cut for the end of the body.
    case closeClient(reset: Bool)

    /// Both sides speak bytes from here on.
    case openTunnel
    case sendBytes(ByteBuffer)
    case respondBytes(ByteBuffer)
    case endUpstream
    case endClient
}
