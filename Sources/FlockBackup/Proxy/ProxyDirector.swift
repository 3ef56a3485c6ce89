public import NIOHTTP1

/// Decides where each request goes. Both calls may take seconds; the request's body stays with the client meanwhile.
public protocol ProxyDirector: Sendable {
    /// Called once per request, as soon as its head is read. The task is cancelled when the client goes away; what is
    /// returned then is ignored.
    func direct(_ head: HTTPRequestHead) async -> ProxyDecision

    /// Called when nobody answers at the chosen endpoint: it could not be connected to, or its task died under a request
    /// that may be sent again.
    ///
    /// - Parameter attempt: 1 for the first failure of this request, counting up to `ProxyLimits.redirects`.
    func redirect(_ head: HTTPRequestHead, after failed: Endpoint, attempt: Int) async -> ProxyDecision
}
