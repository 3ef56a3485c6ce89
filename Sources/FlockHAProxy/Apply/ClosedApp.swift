/// An app that nobody is let in to, and why.
struct ClosedApp: Encodable, Sendable, Hashable {
    var app: String
    var reason: String
}
