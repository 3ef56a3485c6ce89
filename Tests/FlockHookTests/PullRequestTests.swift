import FlockCore
import Foundation
import Testing

@testable import FlockHook

@Suite struct PullRequestTests {
    private static let sha = String(repeating: "a", count: 40)

    private func verdict(
        _ action: String, head: String? = #"{"id": 1, "full_name": "acme/shop"}"#, branch: String = "topic/x",
        isOn: Bool = true, branches: [String: Settings.Repository.Environment] = ["main": .production]
    ) throws -> PullRequestVerdict {
        // As GitHub writes it, without what nobody reads.
        let json = """
            {"action": "\(action)", "number": 7, "pull_request": {"number": 7, "state": "open", "merged": false,
             "head": {"label": "acme:x", "ref": "\(branch)", "sha": "\(Self.sha)", "repo": \(head ?? "null")},
             "base": {"label": "acme:main", "ref": "main", "sha": "\(Self.sha)",
                      "repo": {"id": 1, "full_name": "acme/shop"}}},
             "repository": {"id": 1, "full_name": "acme/shop"}}
            """
        let document = try JSONDecoder().decode(PullRequest.Document.self, from: Data(json.utf8))
        var repository = Fixtures.repository(branches)
        repository.pullRequests = isOn
        return try PullRequestVerdict(document.pullRequest, action: action, repository: repository)
    }

    private func reason(_ verdict: PullRequestVerdict) -> Reason? {
        if case .ignore(let reason) = verdict.verdict { reason } else { nil }
    }

    @Test(arguments: ["opened", "reopened", "synchronize", "synchronized"])
    func `a branch of the repository itself is previewed`(_ action: String) throws {
        let verdict = try verdict(action)
        #expect(verdict.verdict == .deploy(branch: "topic/x", environment: .preview))
        #expect(verdict.change?.name == "refs/heads/topic/x" && verdict.change?.after == Self.sha)
    }

    @Test func `its preview goes when it is closed`() throws {
        let verdict = try verdict("closed")
        #expect(verdict.change?.after == nil && verdict.change?.name == "refs/heads/topic/x")
        #expect(reason(verdict)?.code == .pullRequestClosed)
    }

    @Test(arguments: ["opened", "synchronize", "reopened", "closed"])
    func `a fork never is, and the reason says why`(_ action: String) throws {
        let fork = try verdict(action, head: #"{"id": 2, "full_name": "mallory/shop"}"#)
        #expect(fork.change == nil)
        #expect(reason(fork)?.code == .fork)
        #expect(
            reason(fork)?.words
                == "pull request 7 comes from the fork mallory/shop; the code of forks is never run here")
        let gone = try verdict(action, head: nil)
        #expect(gone.change == nil && reason(gone)?.code == .fork)
    }

    @Test func `a fork of the same name is a fork`() throws {
        let fork = try verdict("opened", head: #"{"id": 2, "full_name": "acme/shop"}"#)
        #expect(reason(fork)?.code == .fork)
    }

    @Test func `it has to be asked for`() throws {
        let off = try verdict("opened", isOn: false)
        #expect(off.change == nil && reason(off)?.code == .pullRequestsOff)
    }

    @Test func `a branch that is mapped is left to its pushes`() throws {
        for action in ["opened", "closed"] {
            let mapped = try verdict(action, branches: ["topic/*": .preview])
            #expect(mapped.change == nil && reason(mapped)?.code == .pullRequestMapped)
        }
    }

    @Test func `what else happens to it deploys nothing`() throws {
        #expect(reason(try verdict("labeled"))?.code == .eventIgnored)
    }

    @Test func `a branch that git would not take is refused`() throws {
        #expect(throws: DeliveryRefusal.self) { try verdict("opened", branch: "a..b") }
    }
}
