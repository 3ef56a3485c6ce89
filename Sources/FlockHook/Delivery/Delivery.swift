/// A delivery whose proof fits, and what each of its refs leads to.
struct Delivery: Sendable, Hashable {
    var forge: Forge
    /// Of the forge; the same when it is delivered again.
    var id: String
    /// ``KnownRepository/key``; empty for a greeting to all.
    var repository: String
    var event: String
    var changes: [RefChange]
    var verdicts: [DeliveryVerdict]
    /// Why nothing is deployed, where there are no changes.
    var reason: Reason?

    init(forge: Forge, id: String, repository: KnownRepository, changes: [RefChange]) {
        self.forge = forge
        self.id = id
        self.repository = repository.key
        event = "push"
        self.changes = changes
        verdicts = changes.map { DeliveryVerdict($0, repository: repository) }
        reason = changes.isEmpty ? .nothingChanged : nil
    }

    init(forge: Forge, id: String, repository: KnownRepository?, event: String, reason: Reason) {
        self.forge = forge
        self.id = id
        self.repository = repository?.key ?? ""
        self.event = event
        changes = []
        verdicts = []
        self.reason = reason
    }
}

/// What became of a branch, for those who keep something for it.
enum TargetChange: Sendable, Hashable {
    case deleted(repository: String, branch: String)
}
