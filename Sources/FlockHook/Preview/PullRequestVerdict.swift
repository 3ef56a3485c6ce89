import FlockCore

/// What a verified event of a pull request leads to: a preview of its branch, or the end of one.
struct PullRequestVerdict: Sendable, Hashable {
    /// The branch, and where it leads; deleted for a pull request that was closed.
    var change: RefChange?
    var verdict: DeliveryVerdict

    /// - Throws: ``DeliveryRefusal`` for a branch that git would not take.
    init(_ pull: PullRequest, repository: KnownRepository) throws(DeliveryRefusal) {
        if case .other(let event) = pull.event {
            self.init(nil, .ignore(.eventIgnored(event)))
            return
        }
        // Its code would run here, with this machine's network and secrets, before anybody has looked at it.
        guard !pull.isFork else {
            self.init(nil, .ignore(.fork(pull)))
            return
        }
        guard repository.pullRequests else {
            self.init(nil, .ignore(.pullRequestsOff(pull)))
            return
        }
        let isOpen = pull.event == .open
        guard !isOpen || pull.commit != nil else {
            self.init(nil, .ignore(.nothingToPreview(pull)))
            return
        }
        let change = try RefChange(
            name: "refs/heads/\(pull.branch)", before: isOpen ? nil : pull.commit, after: isOpen ? pull.commit : nil,
            mayAbbreviate: true)
        if let environment = repository.environment(of: pull.branch) {
            self.init(nil, .ignore(.pullRequestMapped(pull, to: environment.rawValue)))
            return
        }
        let preview = DeliveryVerdict.deploy(branch: pull.branch, environment: .preview)
        self.init(change, isOpen ? preview : .ignore(.pullRequestClosed(pull)))
    }

    private init(_ change: RefChange?, _ verdict: DeliveryVerdict) {
        self.change = change
        self.verdict = verdict
    }
}

extension Reason {
    fileprivate static func fork(_ pull: PullRequest) -> Reason {
        Reason(
            .fork,
            "\(pull.name) comes from \(pull.origin.map { "the fork \($0)" } ?? "a fork that is gone"); "
                + "the code of forks is never run here")
    }

    fileprivate static func pullRequestsOff(_ pull: PullRequest) -> Reason {
        Reason(
            .pullRequestsOff,
            "\(pull.name) is not previewed; \"pullRequests: true\" in the repository's entry has it done")
    }

    fileprivate static func pullRequestMapped(_ pull: PullRequest, to environment: String) -> Reason {
        Reason(
            .pullRequestMapped,
            "branch \(pull.branch) of \(pull.name) is deployed to \(environment) when it is pushed")
    }

    fileprivate static func pullRequestClosed(_ pull: PullRequest) -> Reason {
        Reason(.pullRequestClosed, "\(pull.name) was closed; the preview of \(pull.branch) goes")
    }

    fileprivate static func nothingToPreview(_ pull: PullRequest) -> Reason {
        Reason(.eventIgnored, "\(pull.name) has no commit yet")
    }

    /// - Parameter other: the number of one of the same branch.
    static func closed(_ pull: PullRequest, whileOpen other: Int64) -> Reason {
        Reason(.pullRequestClosed, "\(pull.name) was closed; the preview of \(pull.branch) stays for number \(other)")
    }

    /// What came after it is known already.
    static func outdated(_ pull: PullRequest, sinceClosed isClosed: Bool) -> Reason {
        isClosed
            ? Reason(.pullRequestClosed, "\(pull.name) was closed after this was sent")
            : Reason(.eventIgnored, "\(pull.name) has changed since this was sent")
    }
}
