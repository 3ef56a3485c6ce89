/// Sent through a client's pipeline when the server stops.
struct ProxyDrain: Sendable {}
