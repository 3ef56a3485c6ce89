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

    /// - Parameter document: `nil` from a forge that has none.
    init(
        forge: Forge, id: String, repository: KnownRepository, pullRequest document: PullRequest.Document?
    ) throws(DeliveryRefusal) {
        self.init(
            forge: forge, id: id, repository: repository, event: "pull_request", reason: .eventIgnored("pull_request"))
        guard let document else { return }
        let verdict = try PullRequestVerdict(document.pullRequest, action: document.action, repository: repository)
        if let change = verdict.change { (changes, verdicts, reason) = ([change], [verdict.verdict], nil) }
        if verdict.change == nil, case .ignore(let why) = verdict.verdict { reason = why }
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
