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

    @Test("a pull request from the repository itself is previewed until it is closed; one from a fork never is")
    func pullRequests() async throws {
        try await Site.run(settings: ["hook.resync=1s"]) { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await site.deploys(["main": "production"], of: "hello", more: ["pullRequests: true"])
            try await program.push()
            try await program.commit(HelloApp.files(version: "1.1.0"))
            #expect(try await program.push("main:topic").contains("branch topic is not mapped"))
            let commit = String(try await program.git(["rev-parse", "HEAD"]).output.prefix(40))

            let fork = try await site.pullRequest("opened", head: 2, commit: commit)
            #expect(fork.contains("the code of forks is never run here"), "\(fork)")
            #expect(try await site.pullRequest("opened", head: 1, commit: commit).contains(#""deploy":"#))
            try await eventually("the preview answers") {
                try await site.request("topic--hello.flock.test").body.hasPrefix("1.1.0")
            }
            #expect(try await site.request("hello.flock.test").body.hasPrefix("1.0.0"))

            #expect(try await site.pullRequest("closed", head: 1, commit: commit).contains("pull_request_closed"))
            try await eventually("the preview is gone") {
                try await site.marathon.app("/preview/topic/hello") == nil && site.artifacts().count == 1
            }
            #expect(try await site.flock(["deploys"]).output.contains("pull request 7 was closed"))
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

    /// An event of GitHub's about pull request 7 of the branch topic.
    /// - Parameter head: the number of the repository that it comes from; 1 is the one it is for.
    fileprivate func pullRequest(_ action: String, head: Int, commit: String) async throws -> String {
        let body = """
            {"action": "\(action)", "number": 7, "pull_request": {"number": 7,
             "head": {"ref": "topic", "sha": "\(commit)", "repo": {"id": \(head), "full_name": "acme/hello"}},
             "base": {"ref": "main", "sha": "\(commit)", "repo": {"id": 1, "full_name": "acme/hello"}}},
             "repository": {"clone_url": "\(state)/git/hello.git"}}
            """
        let secret = try String(contentsOfFile: "\(state)/secrets/hello", encoding: .utf8)
        let script = """
            signature=$(printf %s "$BODY" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/^.* //')
            curl -s -H "X-GitHub-Event: pull_request" -H "X-GitHub-Delivery: $ID" -H "Content-Type: application/json" \\
                -H "X-Hub-Signature-256: sha256=$signature" --data-binary "$BODY" "$URL"
            """
        return try await FlockTesting.run(
            "sh", ["-c", script],
            environment: [
                "BODY": body, "SECRET": secret.trimmingCharacters(in: .whitespacesAndNewlines),
                "ID": UUID().uuidString, "URL": "http://127.0.0.1:\(hookPort)/hooks",
            ]
        ).output
    }
}
