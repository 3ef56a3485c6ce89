public import Foundation

/// Which repository a name belongs to: the one that pushed it first, or first since it was released.
public struct NameClaim: Codable, Sendable, Hashable {
    /// The slug.
    public var name: String
    public var repository: String
    /// `nil` where it was claimed before that was written down, and no deploy tells.
    public var since: Date?
}
