import FlockCore

/// What a verified event of a pull request leads to: a preview of its branch, or the end of one.
struct PullRequestVerdict: Sendable, Hashable {
    /// The branch, and where it leads; deleted for a pull request that was closed.
    var change: RefChange?
    var verdict: DeliveryVerdict

    /// - Throws: ``DeliveryRefusal`` for a branch that git would not take.
    init(_ pull: PullRequest, action: String, repository: KnownRepository) throws(DeliveryRefusal) {
        let branch = pull.head.ref
        let isOpen = ["opened", "reopened", "synchronize", "synchronized"].contains(action)
        guard isOpen || action == "closed" else {
            self.init(nil, .ignore(.eventIgnored("pull_request \(action)")))
            return
        }
        // Its code would run here, with this machine's network and secrets, before anybody has looked at it.
        guard !pull.isFork else {
            self.init(nil, .ignore(.fork(pull.number, of: pull.head.repo?.name)))
            return
        }
        guard repository.pullRequests else {
            self.init(nil, .ignore(.pullRequestsOff(pull.number)))
            return
        }
        if let environment = repository.environment(of: branch) {
            self.init(nil, .ignore(.pullRequestMapped(pull.number, branch, to: environment.rawValue)))
            return
        }
        let change = try RefChange(
            name: "refs/heads/\(branch)", before: isOpen ? nil : pull.head.sha, after: isOpen ? pull.head.sha : nil)
        let preview = DeliveryVerdict.deploy(branch: branch, environment: .preview)
        self.init(change, isOpen ? preview : .ignore(.pullRequestClosed(pull.number, branch)))
    }

    private init(_ change: RefChange?, _ verdict: DeliveryVerdict) {
        self.change = change
        self.verdict = verdict
    }
}

extension Reason {
    fileprivate static func fork(_ number: Int, of name: String?) -> Reason {
        Reason(
            .fork,
            "pull request \(number) comes from \(name.map { "the fork \($0)" } ?? "a fork that is gone"); "
                + "the code of forks is never run here")
    }

    fileprivate static func pullRequestsOff(_ number: Int) -> Reason {
        Reason(
            .pullRequestsOff,
            "pull request \(number) is not previewed; \"pullRequests: true\" in the repository's entry has it done")
    }

    fileprivate static func pullRequestMapped(_ number: Int, _ branch: String, to environment: String) -> Reason {
        Reason(
            .pullRequestMapped,
            "branch \(branch) of pull request \(number) is deployed to \(environment) when it is pushed")
    }

    fileprivate static func pullRequestClosed(_ number: Int, _ branch: String) -> Reason {
        Reason(.pullRequestClosed, "pull request \(number) was closed; the preview of \(branch) goes")
    }
}
