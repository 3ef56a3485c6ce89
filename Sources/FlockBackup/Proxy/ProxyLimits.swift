/// How much and how long the proxy allows.
public struct ProxyLimits: Sendable, Equatable {
    /// Time for one attempt to connect to an address.
    public var connect: Duration = .seconds(1)
    /// How often a director is asked for another address before the client gets 502.
    public var redirects = 4
    /// Bytes of all header fields of one message together, its target included. More is 431 to a client, 502 from an app.
    public var headers = 64 * 1024
    /// How long the client may go on sending after an answer it did not wait for, before its connection is closed.
    /// Closing earlier would reset the connection, and the client could lose the answer.
    public var linger: Duration = .seconds(2)
    /// How long running requests may go on after the server was told to stop.
    public var grace: Duration = .seconds(10)

    public init() {}
}
