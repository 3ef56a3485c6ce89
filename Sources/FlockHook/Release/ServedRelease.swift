public import FlockCore

/// What the visitors of a slug get now: its release, and the canary that has a share of them.
public struct ServedRelease: Codable, Sendable, Hashable {
    /// The slug.
    public var app: String
    public var release: Int
    /// The id of the app that the release is.
    public var target: String
    public var canary: ReleaseRecord.Canary?

    public init(_ record: ReleaseRecord) {
        app = record.slug.text
        release = record.number
        target = record.target
        canary = record.canary
    }
}
