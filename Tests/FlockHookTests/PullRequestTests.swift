import FlockCore
import Foundation
import Testing

@testable import FlockHook

@Suite struct PullRequestTests {
    // MARK: Verdicts

    private func verdict(
        _ event: PullRequest.Event = .open, origin: String? = "acme/shop", isFork: Bool = false,
        branch: String = "topic/x", commit: String? = Pushes.new, isOn: Bool = true,
        branches: [String: Settings.Repository.Environment] = ["main": .production]
    ) throws -> PullRequestVerdict {
        var repository = Fixtures.repository(branches)
        repository.pullRequests = isOn
        return try PullRequestVerdict(
            PullRequest(
                event: event, number: 7, name: "pull request 7", branch: branch, commit: commit, origin: origin,
                isFork: isFork), repository: repository)
    }

    private func reason(_ verdict: PullRequestVerdict) -> Reason? {
        if case .ignore(let reason) = verdict.verdict { reason } else { nil }
    }

    @Test func `a branch of the repository itself is previewed`() throws {
        let verdict = try verdict()
        #expect(verdict.verdict == .deploy(branch: "topic/x", environment: .preview))
        #expect(verdict.change?.name == "refs/heads/topic/x" && verdict.change?.after == Pushes.new)
    }

    @Test func `its preview goes when it is closed`() throws {
        let verdict = try verdict(.closed)
        #expect(verdict.change?.after == nil && verdict.change?.name == "refs/heads/topic/x")
        #expect(reason(verdict)?.code == .pullRequestClosed)
        #expect(try self.verdict(.closed, commit: nil).change != nil)
    }

    @Test(arguments: [PullRequest.Event.open, .closed])
    func `a fork never is, and the reason says why`(_ event: PullRequest.Event) throws {
        let fork = try verdict(event, origin: "mallory/shop", isFork: true)
        #expect(fork.change == nil)
        #expect(reason(fork)?.code == .fork)
        #expect(
            reason(fork)?.words
                == "pull request 7 comes from the fork mallory/shop; the code of forks is never run here")
    }

    @Test func `it has to be asked for`() throws {
        let off = try verdict(isOn: false)
        #expect(off.change == nil && reason(off)?.code == .pullRequestsOff)
    }

    @Test func `a branch that is mapped is left to its pushes`() throws {
        for event in [PullRequest.Event.open, .closed] {
            let mapped = try verdict(event, branches: ["topic/*": .preview])
            #expect(mapped.change == nil && reason(mapped)?.code == .pullRequestMapped)
        }
    }

    @Test func `what else happens to it deploys nothing`() throws {
        let labeled = try verdict(.other("pull_request labeled"))
        #expect(labeled.change == nil && reason(labeled)?.code == .eventIgnored)
        let empty = try verdict(commit: nil)
        #expect(empty.change == nil && reason(empty)?.code == .eventIgnored)
    }

    @Test func `what git would not take is refused`() throws {
        #expect(throws: DeliveryRefusal.self) { try verdict(branch: "a..b") }
        #expect(throws: DeliveryRefusal.self) { try verdict(commit: "fd4898") }
        #expect(throws: DeliveryRefusal.self) { try verdict(commit: "--upload-pack") }
        #expect(throws: DeliveryRefusal.self) { try verdict(commit: String(repeating: "a", count: 65)) }
    }

    // MARK: What the forges write

    private func read(_ forge: Forge, _ event: String, _ json: [UInt8]) throws -> DeliveryPayload {
        let headers = HookServer.headers(forge, event, json)
        return try DeliveryPayload(json: json, head: try DeliveryHead(expecting: nil) { headers[$0] })
    }

    private func read(_ forge: Forge, _ event: String, _ pull: PullRequests) throws -> PullRequest? {
        try read(forge, event, pull.json).pullRequest
    }

    @Test(arguments: [
        ("opened", PullRequest.Event.open), ("reopened", .open), ("synchronize", .open), ("synchronized", .open),
        ("closed", .closed), ("labeled", .other("pull_request labeled")),
    ])
    func `GitHub's and Gitea's`(_ action: String, _ event: PullRequest.Event) throws {
        for forge in [Forge.github, .gitea] {
            let pull = try #require(try read(forge, "pull_request", try .github(action)))
            #expect(pull.event == event && pull.branch == "topic" && pull.commit == Pushes.new && !pull.isFork)
            #expect(pull.updatedAt == Date(timeIntervalSince1970: 1_772_352_000))
        }
    }

    @Test func `GitHub's forks are told by number, not by name`() throws {
        var pull = try PullRequests.github("opened")
        pull["pull_request", "head", "repo", "id"] = 2
        #expect(try read(.github, "pull_request", pull)?.isFork == true)
        pull["pull_request", "head", "repo"] = nil
        #expect(try read(.github, "pull_request", pull)?.isFork == true)
        #expect(try read(.github, "pull_request", pull)?.origin == nil)
    }

    @Test(arguments: [
        ("open", false, PullRequest.Event.open), ("reopen", false, .open), ("update", true, .open),
        ("update", false, .other("merge_request update")), ("close", false, .closed), ("merge", false, .closed),
        ("approved", false, .other("merge_request approved")),
    ])
    func `GitLab's`(_ action: String, _ hasOldRevision: Bool, _ event: PullRequest.Event) throws {
        var pull = try PullRequests.gitlab()
        pull["object_attributes", "action"] = action
        if hasOldRevision { pull["object_attributes", "oldrev"] = Pushes.old }
        for hook in ["Merge Request Hook", "System Hook"] {
            let read = try #require(try read(.gitlab, hook, pull))
            #expect(read.event == event && read.branch == "topic" && read.commit == Pushes.new && !read.isFork)
            #expect(read.number == 7 && read.name == "merge request 7")
            #expect(read.updatedAt == Date(timeIntervalSince1970: 1_772_352_000))
        }
    }

    @Test func `GitLab's forks are told by number, and those that are gone by having none`() throws {
        var pull = try PullRequests.gitlab()
        pull["object_attributes", "source_project_id"] = 15
        pull["object_attributes", "source", "path_with_namespace"] = "mallory/shop"
        #expect(try read(.gitlab, "Merge Request Hook", pull)?.isFork == true)
        #expect(try read(.gitlab, "Merge Request Hook", pull)?.origin == "mallory/shop")
        pull["object_attributes", "source_project_id"] = nil
        #expect(try read(.gitlab, "Merge Request Hook", pull)?.isFork == true)
    }

    @Test(arguments: [
        ("created", "OPEN", PullRequest.Event.open), ("updated", "OPEN", .open), ("fulfilled", "MERGED", .closed),
        ("rejected", "DECLINED", .closed), ("updated", "SUPERSEDED", .closed),
        // The header is not signed.
        ("created", "MERGED", .closed), ("rejected", "OPEN", .open),
        ("updated", "QUEUED", .other("pullrequest QUEUED")),
    ])
    func `Bitbucket's`(_ key: String, _ state: String, _ event: PullRequest.Event) throws {
        var pull = try PullRequests.bitbucket()
        pull["pullrequest", "state"] = state
        let read = try #require(try read(.bitbucket, "pullrequest:\(key)", pull))
        #expect(read.event == event && read.branch == "topic" && read.commit == "fd489864e764" && !read.isFork)
        #expect(read.number == 7)
        #expect(abs(try #require(read.updatedAt).timeIntervalSince1970 - 1_772_352_000.205) < 0.01)
    }

    @Test func `Bitbucket's other events deploy nothing`() throws {
        let payload = try read(.bitbucket, "pullrequest:approved", PullRequests.bitbucket().json)
        #expect(payload.event == .other("pullrequest:approved") && payload.pullRequest == nil)
    }

    @Test func `Bitbucket's forks are told by number and name`() throws {
        let original = try PullRequests.bitbucket()
        var named = original
        named["pullrequest", "source", "repository", "full_name"] = "mallory/shop"
        var numbered = original
        numbered["pullrequest", "source", "repository", "uuid"] = "{00000000-0000-4000-8000-000000000000}"
        var gone = original
        gone["pullrequest", "source", "repository"] = nil
        for pull in [named, numbered, gone] {
            #expect(try read(.bitbucket, "pullrequest:created", pull)?.isFork == true)
        }
    }

    @Test(arguments: ["Merge Request Hook", "pullrequest:created", "pull_request"])
    func `one without what the documentation says it has is refused`(_ event: String) throws {
        let forge: Forge = event == "pull_request" ? .github : event.contains(":") ? .bitbucket : .gitlab
        for json in ["{}", #"{"object_attributes": {}, "pullrequest": [], "pull_request": 7}"#, "[]"] {
            #expect(throws: DeliveryRefusal.self) { try read(forge, event, Array(json.utf8)) }
        }
    }

    @Test func `no word of theirs can steer a terminal`() throws {
        var pull = try PullRequests.gitlab()
        pull["object_attributes", "action"] = "\u{1b}[2J\nx é" + String(repeating: "y", count: 200)
        let other = "merge_request ?[2J?x??" + String(repeating: "y", count: 92)
        #expect(try read(.gitlab, "Merge Request Hook", pull)?.event == .other(other))
        pull["object_attributes", "source", "path_with_namespace"] = "mallory/\u{202e}shop"
        #expect(try read(.gitlab, "Merge Request Hook", pull)?.origin == "mallory/?shop")
    }

    // MARK: Order

    @Test(arguments: [Forge.github, .gitlab, .bitbucket])
    func `what is sent late or again brings no preview back, and ends none`(_ forge: Forge) async throws {
        try await HookServer.run { (server) async throws in
            @Sendable func deliver(_ isOpen: Bool, at hour: Int, id: String = UUID().uuidString) async throws -> String
            {
                let pull = try PullRequests.example(forge, isOpen: isOpen, hour: hour)
                let answered = try await server.deliver(
                    forge, PullRequests.event(forge, isOpen: isOpen), pull.json, id: id)
                return answered.answer?.code ?? answered.answer?.state ?? answered.text
            }
            func isGone() async throws -> Bool? {
                try await server.hook.store.targets().first { $0.branch == "topic" }?.isGone
            }
            #expect(try await deliver(true, at: 8) == "queued")
            #expect(try await deliver(false, at: 9) == "pull_request_closed")
            #expect(try await isGone() == true)
            // Under another id, as when it is sent by hand once the first is forgotten.
            for _ in 1...2 { #expect(try await deliver(true, at: 8, id: "again") == "pull_request_closed") }
            #expect(try await deliver(true, at: 9) == "pull_request_closed")
            #expect(try await isGone() == true)
            #expect(try await deliver(true, at: 10) == "queued", "it was opened again")
            #expect(try await deliver(false, at: 9) == "event_ignored")
            #expect(try await isGone() == false)
        }
    }

    @Test(arguments: [Forge.github, .gitlab, .bitbucket])
    func `a branch's preview goes with the last of its pull requests`(_ forge: Forge) async throws {
        try await HookServer.run { (server) async throws in
            @Sendable func deliver(_ number: Int, _ isOpen: Bool, at hour: Int) async throws -> String? {
                let pull = try PullRequests.example(forge, number: number, isOpen: isOpen, hour: hour)
                let answered = try await server.deliver(
                    forge, PullRequests.event(forge, isOpen: isOpen), pull.json, id: UUID().uuidString)
                return answered.answer?.message
            }
            func isGone() async throws -> Bool? {
                try await server.hook.store.targets().first { $0.branch == "topic" }?.isGone
            }
            _ = try await deliver(3, true, at: 8)
            _ = try await deliver(4, true, at: 9)
            #expect(try await deliver(3, false, at: 10)?.contains("stays for number 4") == true)
            #expect(try await isGone() == false)
            #expect(try await deliver(4, false, at: 11)?.contains("the preview of topic goes") == true)
            #expect(try await isGone() == true)
        }
    }
}
