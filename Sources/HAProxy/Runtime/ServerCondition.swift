/// What an administrator wants of a server (Management Guide, 9.3, `set server … state`).
public enum ServerCondition: String, CaseIterable, Hashable, Sendable {
    /// Takes requests.
    case ready
    /// Takes no new requests but ends those it has; health checks go on.
    case drain
    /// Takes nothing, isn't checked.
    case maint
}
