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
    /// Whose branch the change is.
    var pullRequest: PullRequest?

    init(forge: Forge, id: String, repository: KnownRepository, changes: [RefChange]) {
        self.forge = forge
        self.id = id
        self.repository = repository.key
        event = "push"
        self.changes = changes
        verdicts = changes.map { DeliveryVerdict($0, repository: repository) }
        reason = changes.isEmpty ? .nothingChanged : nil
    }

    /// - Parameter pull: `nil` from a forge that has none.
    init(
        forge: Forge, id: String, repository: KnownRepository, pullRequest pull: PullRequest?
    ) throws(DeliveryRefusal) {
        self.init(
            forge: forge, id: id, repository: repository, event: "pull_request", reason: .eventIgnored("pull_request"))
        guard let pull else { return }
        let verdict = try PullRequestVerdict(pull, repository: repository)
        if let change = verdict.change {
            (changes, verdicts, reason, pullRequest) = ([change], [verdict.verdict], nil, pull)
        } else if case .ignore(let why) = verdict.verdict {
            reason = why
        }
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
