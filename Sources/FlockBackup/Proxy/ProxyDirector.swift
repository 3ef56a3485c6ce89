public import NIOCore
public import NIOHTTP1

/// Decides where each request goes. Both calls may take seconds; the request's body stays with the client meanwhile.
public protocol ProxyDirector: Sendable {
    /// Called once per request, as soon as its head is read. The task is cancelled when the client goes away; what is
    /// returned then is ignored.
    func direct(_ head: HTTPRequestHead) async -> ProxyDecision

    /// Called when the chosen address could not be connected to; no byte of the request was sent.
    ///
    /// - Parameter attempt: 1 for the first failure of this request, counting up to `ProxyLimits.redirects`.
    func redirect(_ head: HTTPRequestHead, after failed: SocketAddress, attempt: Int) async -> ProxyDecision
}
