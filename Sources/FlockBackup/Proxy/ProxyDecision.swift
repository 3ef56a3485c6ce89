public import NIOCore
public import NIOHTTP1

/// Where a request may go, or the answer it gets instead.
public enum ProxyDecision: Sendable, Equatable {
    /// Connect there and proxy the request to it. The ticket is kept until the request has ended. The
    /// headers are added to the app's response.
    case forward(to: Endpoint, ticket: ForwardTicket? = nil, adding: HTTPHeaders = [:])
    /// Answer at once; `Content-Length` and `Connection` are set by the proxy.
    case answer(status: HTTPResponseStatus, headers: HTTPHeaders, body: ByteBuffer)
}
