import Foundation
import Testing

@testable import FlockHook

/// What forges send, over real HTTP to the real router.
@Suite struct ForgeTests {
    struct Payload: Sendable {
        var file: String
        var forge: Forge
        var event: String
        var status: UInt
        var code: String?
        var message: String
    }

    static let payloads = [
        Payload(
            file: "github/ping.payload.json", forge: .github, event: "ping", status: 200, code: "pong",
            message: "pong: pushes to https://github.com/Octocoders/Hello-World will be deployed"),
        Payload(
            file: "github/delete.payload.json", forge: .github, event: "delete", status: 200, code: "event_ignored",
            message: "ignored: delete events deploy nothing"),
        Payload(
            file: "github/push.payload.json", forge: .github, event: "push", status: 200, code: "not_a_branch",
            message: "ignored: tag simple-tag is no branch; only branches are deployed"),
        Payload(
            file: "github/push.with-new-branch.payload.json", forge: .github, event: "push", status: 202, code: nil,
            message: "deploy 1"),
        Payload(
            file: "github/push.branch-ff.go-playground.json", forge: .github, event: "push", status: 202, code: nil,
            message: "deploy 1"),
        Payload(
            file: "gitea/push-event.json", forge: .gitea, event: "push", status: 202, code: nil, message: "deploy 1"),
        Payload(
            file: "gitlab/push-event.json", forge: .gitlab, event: "Push Hook", status: 202, code: nil,
            message: "deploy 1"),
        Payload(
            file: "gitlab/merge-request-open.json", forge: .gitlab, event: "Merge Request Hook", status: 202, code: nil,
            message: "deploy 1"),
        Payload(
            file: "gitlab/merge-request-close.json", forge: .gitlab, event: "Merge Request Hook", status: 200,
            code: "pull_request_closed", message: "ignored: merge request 7 was closed; the preview of topic goes"),
        Payload(
            file: "bitbucket/pullrequest-created.json", forge: .bitbucket, event: "pullrequest:created", status: 202,
            code: nil, message: "deploy 1"),
        Payload(
            file: "bitbucket/pullrequest-fulfilled.json", forge: .bitbucket, event: "pullrequest:fulfilled",
            status: 200, code: "pull_request_closed",
            message: "ignored: pull request 7 was closed; the preview of topic goes"),
    ]

    @Test func `no payload is left out`() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/webhooks")
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
        #expect(files.sorted() == Self.payloads.map(\.file).sorted())
    }

    @Test(arguments: payloads, ["/hooks", "/FORGE"])
    func `a payload is answered as it should be`(_ payload: Payload, _ path: String) async throws {
        try await HookServer.run { (server) async throws in
            let answered = try await server.deliver(
                payload.forge, payload.event, try Fixtures.payload(payload.file),
                to: path.replacing("FORGE", with: payload.forge.rawValue))
            #expect(answered.status == payload.status && answered.answer?.code == payload.code, "\(answered.text)")
            #expect(answered.answer?.message == payload.message)
        }
    }

    @Test func `a form is signed whole by GitHub, and by what is in it by Gitea`() async throws {
        let github = Pushes.github("refs/heads/master")
        let gitea = try Fixtures.payload("gitea/push-event.json")
        let type = ["Content-Type": "application/x-www-form-urlencoded"]
        try await HookServer.run { (server) async throws in
            let form = HookServer.form(github)
            #expect(try await server.deliver(.github, "push", form, type).status == 202)
            #expect(try await server.deliver(.github, "push", form, signed: github, type).status == 401)
            let other = HookServer.form(gitea)
            #expect(try await server.deliver(.gitea, "push", other, signed: gitea, type).status == 202)
            #expect(try await server.deliver(.gitea, "push", other, type).status == 401)
            #expect(try await server.deliver(.github, "push", Array("a=b".utf8), type).status == 400)
            #expect(try await server.deliver(.github, "push", Array("payload=%7".utf8), type).status == 400)
        }
    }

    @Test(arguments: [
        ("refs/heads/master", Pushes.old, Pushes.new, false, UInt(202), String?.none),
        ("refs/heads/master", Pushes.none, Pushes.new, false, 202, nil),
        ("refs/heads/master", Pushes.old, Pushes.new, true, 202, nil),
        ("refs/heads/x/y", Pushes.old, Pushes.new, false, 202, nil),
        ("refs/heads/master", Pushes.old, Pushes.none, false, 200, "branch_deleted"),
        ("refs/heads/other", Pushes.old, Pushes.new, false, 200, "branch_unmapped"),
        ("refs/tags/v1", Pushes.none, Pushes.new, false, 200, "not_a_branch"),
        ("refs/tags/v1", Pushes.old, Pushes.none, false, 200, "not_a_branch"),
        ("refs/pull/1/head", Pushes.old, Pushes.new, false, 200, "not_a_branch"),
        ("refs/heads/β-ünïcode", Pushes.old, Pushes.new, false, 200, "branch_unmapped"),
        ("main", Pushes.old, Pushes.new, false, 400, "payload_invalid"),
        ("", Pushes.old, Pushes.new, false, 400, "payload_invalid"),
        ("refs/heads/a\\u0000b", Pushes.old, Pushes.new, false, 400, "payload_invalid"),
        ("refs/heads/a\\nb", Pushes.old, Pushes.new, false, 400, "payload_invalid"),
        ("refs/heads/a\\u202eb", Pushes.old, Pushes.new, false, 400, "payload_invalid"),
        ("refs/heads/../x", Pushes.old, Pushes.new, false, 400, "payload_invalid"),
        ("refs/heads/master", Pushes.old, "fd48", false, 400, "payload_invalid"),
        ("refs/heads/master", Pushes.old, "--upload-pack=x", false, 400, "payload_invalid"),
    ])
    func `GitHub's pushes of all kinds`(
        _ ref: String, _ before: String, _ after: String, _ forced: Bool, _ status: UInt, _ code: String?
    ) async throws {
        try await HookServer.run { (server) async throws in
            let body = Pushes.github(ref, before: before, after: after, forced: forced)
            let answered = try await server.deliver(.github, "push", body)
            #expect(answered.status == status && answered.answer?.code == code, "\(answered.text)")
        }
    }

    @Test func `the objects of a repository with SHA-256 are known, and so is its zero`() throws {
        let long = String(repeating: "ab", count: 32)
        let change = try RefChange(name: "refs/heads/x", before: String(repeating: "0", count: 64), after: long)
        #expect(change.before == nil && change.after == long)
    }

    @Test func `a ping without a repository is answered to whoever knows a secret`() async throws {
        let ping = Array(
            #"{"zen": "Keep it logically awesome.", "hook_id": 1, "organization": {"login": "acme"}}"#.utf8)
        try await HookServer.run { (server) async throws in
            #expect(try await server.deliver(.github, "ping", ping).answer?.code == "pong")
            #expect(try await server.deliver(.github, "ping", ping, secret: "wrong").status == 401)
            // Only a greeting is tried with every secret.
            #expect(try await server.deliver(.github, "push", ping).status == 400)
            #expect(try await server.deliver(.github, "member", ping).status == 401)
        }
    }

    @Test func `Bitbucket tells of several refs at once, and of deletions with nothing new`() async throws {
        let several = [
            Pushes.bitbucketChange("branch", "master", old: Pushes.old, new: Pushes.new),
            Pushes.bitbucketChange("branch", "x/y", old: nil, new: Pushes.new),
            Pushes.bitbucketChange("branch", "x/z", old: Pushes.old, new: nil),
            Pushes.bitbucketChange("tag", "v1", old: nil, new: Pushes.new),
        ].joined(separator: ", ")
        try await HookServer.run { (server) async throws in
            let answered = try await server.deliver(.bitbucket, "repo:push", Pushes.bitbucket(several))
            #expect(answered.status == 202)
            let changes = try #require(answered.answer?.changes)
            #expect(changes.map(\.ref) == ["refs/heads/master", "refs/heads/x/y", "refs/heads/x/z", "refs/tags/v1"])
            #expect(changes.map(\.state) == ["queued", "queued", "ignored", "ignored"])
            #expect(changes.map(\.code) == [nil, nil, "branch_deleted", "not_a_branch"])

            let deletion = Pushes.bitbucketChange("branch", "master", old: Pushes.old, new: nil)
            let deleted = try await server.deliver(.bitbucket, "repo:push", Pushes.bitbucket(deletion))
            #expect(deleted.status == 200 && deleted.answer?.code == "branch_deleted")
            let nothing = try await server.deliver(.bitbucket, "repo:push", Pushes.bitbucket(""))
            #expect(nothing.status == 200 && nothing.answer?.code == "nothing_changed")
            let fork = try await server.deliver(.bitbucket, "repo:fork", Pushes.bitbucket(""))
            #expect(fork.answer?.code == "event_ignored")
        }
    }

    @Test func `GitLab's tags, deletions and system hooks`() async throws {
        @Sendable func body(_ kind: String, _ ref: String, _ after: String) -> [UInt8] {
            Array(
                """
                {"\(kind == "system" ? "event_name" : "object_kind")": "\(ref.contains("tags") ? "tag_push" : "push")",
                 "ref": "\(ref)", "before": "\(Pushes.old)", "after": "\(after)", "checkout_sha": null,
                 "project": {"git_http_url": "https://example.com/mike/diaspora.git"}}
                """.utf8)
        }
        try await HookServer.run { (server) async throws in
            let tag = try await server.deliver(.gitlab, "Tag Push Hook", body("", "refs/tags/v1", Pushes.new))
            #expect(tag.answer?.code == "not_a_branch")
            let gone = try await server.deliver(.gitlab, "Push Hook", body("", "refs/heads/master", Pushes.none))
            #expect(gone.answer?.code == "branch_deleted")
            let system = try await server.deliver(
                .gitlab, "System Hook", body("system", "refs/heads/master", Pushes.new))
            #expect(system.status == 202)
            let issue = try await server.deliver(.gitlab, "Issue Hook", body("", "refs/heads/master", Pushes.new))
            #expect(issue.answer?.code == "event_ignored")
            let wrong = try await server.deliver(
                .gitlab, "Push Hook", body("", "refs/heads/master", Pushes.new), secret: "wrong")
            #expect(wrong.status == 401)
        }
    }

    @Test func `a path that names a forge takes no other's`() async throws {
        let body = Pushes.github("refs/heads/master")
        try await HookServer.run { (server) async throws in
            for path in ["/gitlab", "/gitea", "/bitbucket"] {
                let answered = try await server.deliver(.github, "push", body, to: path)
                #expect(answered.status == 400 && answered.answer?.code == "forge_mismatch")
            }
            // Gitea sends GitHub's headers, too.
            let gitea = try await server.deliver(
                .gitea, "push", try Fixtures.payload("gitea/push-event.json"), to: "/github")
            #expect(gitea.answer?.code == "forge_mismatch")
        }
    }

    @Test func `the same delivery twice is one deploy, and the answer names the first`() async throws {
        try await HookServer.run { (server) async throws in
            let body = Pushes.github("refs/heads/master")
            let first = try await server.deliver(.github, "push", body, id: "d-1")
            let again = try await server.deliver(.github, "push", body, id: "d-1")
            #expect(again.status == 200 && again.answer?.deploy == first.answer?.deploy)
            #expect(again.answer?.message == "this delivery was received before, as deploy 1: queued")
            // Another forge, or another repository, counts for itself.
            let other = Pushes.github("refs/heads/master", repository: "https://github.com/Octocoders/Hello-World")
            #expect(try await server.deliver(.github, "push", other, id: "d-1").answer?.deploy == 2)
            #expect(try await server.hook.store.deploys(limit: 9).count == 2)
        }
    }
}
