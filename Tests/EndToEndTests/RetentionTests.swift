import Crypto
import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

/// What nobody needs any more goes.
@Suite(.serialized)
struct RetentionTests {
    @Test(
        "old versions beyond hook.keep go once they are asleep, and so does their code; what is kept can be had again")
    func oldVersions() async throws {
        try await Site.run(idleAfter: "2s", settings: ["hook.keep=1", "hook.resync=1s"]) { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            for version in ["2.0.0", "3.0.0"] {
                try await program.commit(HelloApp.files(version: version))
                try await program.push()
            }
            try await eventually("1.0.0 is gone, with its code") {
                try await site.marathon.app("/hello-1.0.0") == nil && site.artifacts().count == 2
            }
            #expect(try await site.marathon.app("/hello-2.0.0") != nil)
            let list = try await site.flock(["releases", "hello"]).output
            #expect(list.contains("gone") && list.contains("ready") && list.contains("current"), "\(list)")
            let refused = try await site.flock(["rollback", "hello", "1"])
            #expect(refused.output.contains("[code_gone]"), "\(refused.output)")
            #expect(try await site.flock(["rollback", "hello", "2"]).isSuccess)
            try await eventually("2.0.0 answers") {
                try await site.request("hello.flock.test").body.hasPrefix("2.0.0")
            }
            #expect(try await site.marathon.app("/hello-3.0.0") != nil)
        }
    }

    @Test("a preview goes with its branch, app and code, whether a delivery told of it or not")
    func previews() async throws {
        try await Site.run(settings: ["hook.resync=1s"]) { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await site.deploys(["main": "production", "*": "preview"], of: "hello")
            try await program.push()
            for branch in ["told", "untold"] {
                try await program.commit(["branch": branch])
                try await program.push("main:\(branch)")
                // By the delivery, or by a look at the branches that was quicker.
                try await site.previews(branch)
            }
            #expect(try site.artifacts().count == 3)

            try await program.push(":told")
            try await eventually("the preview is gone") {
                try await site.marathon.app("/preview/told/hello") == nil && site.artifacts().count == 2
            }
            #expect(try await site.marathon.app("/preview/untold/hello") != nil)
            let promoted = try await site.flock(["promote", "told--hello"])
            #expect(promoted.output.contains("[preview_unknown]"), "\(promoted.output)")

            try await program.git(["--git-dir", "\(site.state)/git/hello.git", "branch", "-D", "untold"])
            try await eventually("the other preview is gone, too") {
                try await site.marathon.app("/preview/untold/hello") == nil && site.artifacts().count == 1
            }
            try await eventually("nobody answers at its name") {
                try await site.request("told--hello.flock.test").status == 404
            }
            #expect(try await site.request("hello.flock.test").body.hasPrefix("1.0.0"))

            // Pushed again, it is there again.
            try await program.push("main:told")
            try await site.previews("told")
        }
    }

    @Test("old deploys go, but for those that are needed; asked for one that is gone, flock says so")
    func oldDeploys() async throws {
        try await Site.run(settings: ["hook.resync=1s"]) { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            _ = try await program.push("main:refs/tags/v1")
            let story = try await site.flock(["deploys", "show", "2"]).output
            #expect(story.contains("tag v1 is no branch"), "\(story)")
            try await site.age(days: 40)
            try await eventually("the deploy of the tag is gone") {
                try await site.flock(["deploys", "show", "2"]).output
                    .contains("deploy 2 ended long ago and is not kept any more [deploy_unknown]")
            }
            #expect(try await site.flock(["deploys", "show", "3"]).output.contains("there is no deploy 3"))
            #expect(try await site.deploys().map(\.id) == [1])
            #expect(try await site.flock(["releases", "hello"]).output.contains("current"))
        }
    }

    @Test("what was fetched goes a week after its repository has left the settings")
    func stores() async throws {
        try await Site.run(settings: ["hook.resync=1s"]) { site in
            let url = "https://localhost:1/shop"
            let folder = "\(site.state)/hook/repositories"
            let name = HMAC<SHA256>.authenticationCode(
                for: Data(url.utf8), using: SymmetricKey(data: Data("folder".utf8)))
            let wanted = "\(folder)/\(name.prefix(8).map { String(format: "%02x", $0) }.joined()).git"
            let (left, young) = ("\(folder)/0123456789abcdef.git", "\(folder)/fedcba9876543210.git")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try await site.deploys(["main": "production"], at: url, secret: "\(site.folder.path)/none")
            func seen(_ store: String) throws -> Date {
                let attributes = try FileManager.default.attributesOfItem(atPath: "\(store).lock")
                return try #require(attributes[.modificationDate] as? Date)
            }
            let long = Date(timeIntervalSinceNow: -8 * 86_400)
            for (store, date) in [(young, Date(timeIntervalSinceNow: -6 * 86_400)), (wanted, long), (left, long)] {
                try Data().write(to: URL(fileURLWithPath: "\(store).lock"))
                try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: "\(store).lock")
                #expect(try await FlockTesting.run("git", ["init", "-q", "--bare", store]).isSuccess)
            }
            try await eventually("one is gone, and the other is still wanted") {
                try !FileManager.default.fileExists(atPath: left) && seen(wanted) > long.addingTimeInterval(86_400)
            }
            #expect(FileManager.default.fileExists(atPath: wanted))
            #expect(FileManager.default.fileExists(atPath: young))
        }
    }

    @Test(
        "a pull request from the repository itself is previewed until it is closed; one from a fork never is",
        arguments: PullRequestEvent.Forge.allCases)
    func pullRequests(_ forge: PullRequestEvent.Forge) async throws {
        try await Site.run(settings: ["hook.resync=1s"]) { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await site.deploys(["main": "production"], of: "hello", more: ["pullRequests: true"])
            try await program.push()
            try await program.commit(HelloApp.files(version: "1.1.0"))
            #expect(try await program.push("main:topic").contains("branch topic is not mapped"))
            let commit = String(try await program.git(["rev-parse", "HEAD"]).output.prefix(40))
            let event = PullRequestEvent(
                forge: forge, branch: "topic", commit: commit, repository: "\(site.state)/git/hello.git")

            let fork = try await site.deliver(event.with { $0.isFork = true })
            #expect(fork.contains("the code of forks is never run here"), "\(fork)")
            #expect(try await site.deliver(event).contains(#""deploy":"#))
            try await eventually("the preview answers") {
                try await site.request("topic--hello.flock.test").body.hasPrefix("1.1.0")
            }
            #expect(try await site.request("hello.flock.test").body.hasPrefix("1.0.0"))

            let closed = try await site.deliver(event.with { ($0.isOpen, $0.minute) = (false, 2) })
            #expect(closed.contains("pull_request_closed"), "\(closed)")
            try await eventually("the preview is gone") {
                try await site.marathon.app("/preview/topic/hello") == nil && site.artifacts().count == 1
            }
            #expect(try await site.flock(["deploys"]).output.contains("request 7 was closed"))
            // Sent again by hand, under another id.
            #expect(try await site.deliver(event).contains("was closed after this was sent"))
        }
    }
}

extension Site {
    fileprivate func previews(_ branch: String) async throws {
        try await eventually("\(branch) is previewed") {
            try await request("\(branch)--hello.flock.test").status == 200
        }
    }

    fileprivate func artifacts() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(state)/artifacts")
    }

    /// Makes all deploys and deliveries look as if they were of long ago.
    fileprivate func age(days: Int) async throws {
        let program = """
            import sqlite3
            db = sqlite3.connect("\(state)/hook/hook.db", timeout=30)
            with db:
                db.execute("UPDATE deploy SET createdAt = createdAt - ?1, endedAt = endedAt - ?1", (\(days * 86_400),))
                db.execute("UPDATE delivery SET receivedAt = receivedAt - ?1", (\(days * 86_400),))
            """
        let ran = try await FlockTesting.run("python3", ["-c", program])
        #expect(ran.isSuccess, "\(ran.output)")
    }

    /// - Returns: what flock-hook answers.
    fileprivate func deliver(_ event: PullRequestEvent) async throws -> String {
        let secret = try String(contentsOfFile: "\(state)/secrets/hello", encoding: .utf8)
        let script = """
            signature=$(printf %s "$BODY" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/^.* //')
            curl -s -H "Content-Type: application/json" -H "X-Gitlab-Token: $SECRET" \\
                -H "X-Hub-Signature-256: sha256=$signature" -H "X-Hub-Signature: sha256=$signature" \\
                -H "$EVENT" -H "$ID_HEADER: $ID" --data-binary "$BODY" "$URL"
            """
        return try await FlockTesting.run(
            "sh", ["-c", script],
            environment: [
                "BODY": event.body, "SECRET": secret.trimmingCharacters(in: .whitespacesAndNewlines),
                "EVENT": event.header, "ID_HEADER": event.idHeader, "ID": UUID().uuidString,
                "URL": "http://127.0.0.1:\(hookPort)/hooks",
            ]
        ).output
    }
}
