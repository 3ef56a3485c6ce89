/// Every code with which flock-hook itself answers a delivery or ends a deploy. What git, package.json or Marathon
/// refuses has its own codes. docs/reason-codes.md lists these; a test holds both together.
public enum ReasonCode: String, Codable, Sendable, CaseIterable {
    // Deliveries that are not taken.
    case bodyTooLarge = "body_too_large"
    case bodyTooSlow = "body_too_slow"
    case contentTypeUnsupported = "content_type_unsupported"
    case draining
    case forgeMismatch = "forge_mismatch"
    case headerInvalid = "header_invalid"
    case headerMissing = "header_missing"
    case jsonInvalid = "json_invalid"
    case methodNotAllowed = "method_not_allowed"
    case payloadInvalid = "payload_invalid"
    case signatureInvalid = "signature_invalid"
    case storeUnavailable = "store_unavailable"
    case tooManyBodies = "too_many_bodies"

    // Deliveries that deploy nothing.
    case branchDeleted = "branch_deleted"
    case branchUnmapped = "branch_unmapped"
    case eventIgnored = "event_ignored"
    case fork
    case notABranch = "not_a_branch"
    case nothingChanged = "nothing_changed"
    case pong
    case pullRequestClosed = "pull_request_closed"
    case pullRequestMapped = "pull_request_mapped"
    case pullRequestsOff = "pull_requests_off"

    // Deploys that end without a release.
    case alreadyDeployed = "already_deployed"
    case appFailing = "app_failing"
    case appUnhealthy = "app_unhealthy"
    case branchGone = "branch_gone"
    case cancelled
    case internalError = "internal"
    case interrupted
    case nameTaken = "name_taken"
    case nothingWatched = "nothing_watched"
    case repositoryUnknown = "repository_unknown"
    case superseded

    // A deploy that cannot be cancelled.
    case alreadyEnded = "already_ended"
    case alreadySubmitted = "already_submitted"
    case deployUnknown = "deploy_unknown"

    /// What it means and what to do, for the documentation.
    public var meaning: String {
        switch self {
        case .bodyTooLarge: "The body is larger than 25 MiB. The next look at the branches finds what was pushed."
        case .bodyTooSlow: "The body was not there within 30 seconds. Deliver again."
        case .contentTypeUnsupported: "Neither JSON nor a form. Set the webhook's content type to application/json."
        case .draining: "flock-hook is ending. Deliver again, or let its next start find what was pushed."
        case .forgeMismatch: "The path names another forge than the headers. Use /hooks, which takes all."
        case .headerInvalid: "A header is longer than 100 bytes or holds signs that none of its kind has."
        case .headerMissing: "Event or delivery id is missing: this is no webhook of a forge that Flock knows."
        case .jsonInvalid: "The body is no JSON."
        case .methodNotAllowed: "Deliveries are sent with POST."
        case .payloadInvalid: "The JSON is not what the forge documents for this event, or names what git cannot hold."
        case .signatureInvalid:
            "Wrong or no signature, or a repository without an entry in flock.yaml. Compare the webhook's secret with the file."
        case .storeUnavailable: "The delivery could not be stored, as on a full disk. See the log; deliver again."
        case .tooManyBodies: "Large deliveries hold 200 MiB already. Deliver again; the next look finds it, too."
        case .branchDeleted: "The branch was deleted; its preview goes."
        case .branchUnmapped: "No entry under branches: of the repository fits. The reason lists what is mapped."
        case .eventIgnored:
            "A verified event that deploys nothing. Subscribe the webhook to pushes, and to pull requests where they are previewed."
        case .fork: "A pull request from a fork. Its code is never run: anybody can make one."
        case .notABranch: "A tag or another ref was pushed. Only branches are deployed."
        case .nothingChanged: "A push without refs."
        case .pong: "The webhook works: the secret fits."
        case .pullRequestClosed:
            "The pull request was closed or merged; the preview of its branch goes, unless another one of that branch is open."
        case .pullRequestMapped: "The branch is deployed by its pushes already; its pull request changes nothing."
        case .pullRequestsOff: "Set pullRequests: true in the repository's entry to have pull requests previewed."
        case .alreadyDeployed:
            "The end of the branch is deployed already, by a push before or after this one. An old push that is delivered again ends so."
        case .appFailing: "The program ends again and again. The last lines of its errors are in the deploy's story."
        case .appUnhealthy: "The program did not answer its check within hook.healthTimeout."
        case .branchGone: "The branch was deleted before its deploy began."
        case .cancelled: "Somebody ran \"flock deploys cancel\"."
        case .internalError: "A fault of Flock or of its machine. The reason holds what is known; see the log, too."
        case .interrupted: "flock-hook ended three times while it prepared this deploy. Push again; see the log."
        case .nameTaken:
            "Another repository, or another program of this one, owns the name. Choose another \"name\" in package.json, or take it from that one: \"flock names release NAME\"."
        case .nothingWatched:
            "No file that fits watch: of the repository differs from what its last live deploy deployed."
        case .repositoryUnknown: "The repository is not in flock.yaml any more."
        case .superseded: "A newer push to the same branch came before this one began."
        case .alreadyEnded: "The deploy has ended; there is nothing to cancel."
        case .alreadySubmitted: "Marathon has the app already. Push a mend, or roll back."
        case .deployUnknown: "There is no deploy with this number, or it ended long ago and is not kept any more."
        }
    }
}

/// Why something was not deployed, in the words that the answer to a delivery, `flock deploys` and
/// `flock deploys show` repeat.
public struct Reason: Sendable, Hashable {
    public var code: ReasonCode
    public var words: String

    init(_ code: ReasonCode, _ words: String) {
        self.code = code
        self.words = words
    }

    static func notABranch(_ change: RefChange) -> Reason {
        let what = if case .tag(let name) = change.ref { "tag \(name)" } else { "\"\(change.name)\"" }
        return Reason(.notABranch, "\(what) is no branch; only branches are deployed")
    }

    static func branchDeleted(_ branch: String) -> Reason {
        Reason(.branchDeleted, "branch \(branch) was deleted; nothing to deploy")
    }

    static func branchUnmapped(_ branch: String, mapped: [String: String]) -> Reason {
        let list = mapped.sorted { $0.key < $1.key }.map { "\($0.key) → \($0.value)" }.joined(separator: ", ")
        return Reason(.branchUnmapped, "branch \(branch) is not mapped; mapped: \(list.isEmpty ? "none" : list)")
    }

    static func eventIgnored(_ event: String) -> Reason {
        Reason(.eventIgnored, "\(event) events deploy nothing")
    }

    static let nothingChanged = Reason(.nothingChanged, "no ref was pushed")

    static func pong(_ repository: String?) -> Reason {
        Reason(.pong, "pushes to \(repository ?? "the repositories of flock.yaml") will be deployed")
    }

    static func superseded(by deploy: Int64) -> Reason { Reason(.superseded, "deploy \(deploy) is newer") }

    static func overtaken(by release: Int) -> Reason {
        Reason(.superseded, "release \(release) was made while this deploy was interrupted")
    }

    static func supersededByDeletion(_ branch: String) -> Reason {
        Reason(.superseded, "branch \(branch) was deleted")
    }

    static func alreadyDeployed(_ commit: String, by deploy: Int64, pushed: String) -> Reason {
        let tip = commit.prefix(7)
        return Reason(
            .alreadyDeployed,
            commit.hasPrefix(pushed)
                ? "\(tip) is deployed already, by deploy \(deploy)"
                : "\(pushed.prefix(7)) was pushed, but the branch has moved on to \(tip), which deploy \(deploy) deployed"
        )
    }

    static func branchGone(_ branch: String) -> Reason {
        Reason(.branchGone, "branch \(branch) is not there any more")
    }

    static func nothingWatched(since deploy: Int64) -> Reason {
        Reason(.nothingWatched, "nothing that is watched has changed since deploy \(deploy)")
    }

    static func nameTaken(_ name: some CustomStringConvertible, by owner: String) -> Reason {
        Reason(
            .nameTaken,
            "the name \"\(name)\" belongs to \(owner); choose another \"name\" in package.json, "
                + "or run \"flock names release \(name)\" and push again")
    }

    static let cancelled = Reason(.cancelled, "cancelled before it was given to Marathon")

    static func interrupted(_ attempts: Int) -> Reason {
        Reason(.interrupted, "flock-hook ended \(attempts) times while it prepared this deploy; push again")
    }
}
