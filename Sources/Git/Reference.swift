/// A named pointer to an object, such as a branch.
public struct Reference: Sendable, Hashable {
    /// The full name, such as `refs/heads/main`.
    public let name: String
    /// The commit it leads to.
    public let target: ObjectID

    public init(name: String, target: ObjectID) {
        self.name = name
        self.target = target
    }
}
