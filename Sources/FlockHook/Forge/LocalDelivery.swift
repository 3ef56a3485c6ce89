/// What `flock deliver` sends about a push to a bare repository of this machine: all refs of the push at once.
public struct LocalDelivery: Codable, Sendable, Hashable {
    /// A line that git gives to a post-receive hook.
    public struct Change: Codable, Sendable, Hashable {
        public var ref: String
        public var before: String
        public var after: String

        public init(ref: String, before: String, after: String) {
            self.ref = ref
            self.before = before
            self.after = after
        }
    }

    /// The path of the bare repository.
    public var repository: String
    public var changes: [Change]

    public init(repository: String, changes: [Change]) {
        self.repository = repository
        self.changes = changes
    }

    var refChanges: [RefChange] {
        get throws(DeliveryRefusal) {
            var result: [RefChange] = []
            for change in changes {
                result.append(try RefChange(name: change.ref, before: change.before, after: change.after))
            }
            return result
        }
    }
}
