import FlockTesting
import Foundation
import Testing

/// The scripts of `hooks/`, as git runs them.
@Suite(.serialized)
struct HookScriptTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "hooks").path

    private static let broken = #"{"name": "hello", "version": "1.0.0", "flock": {"instnces": 2, "cpus": "x"}}"#

    @Test("post-receive: a new branch, a forced push, an odd branch name, an annotated tag, a deletion")
    func postReceive() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await site.deploys(["main": "production", "*": "preview"], of: "hello")
            #expect(try await program.push().contains("release 1 is live"))

            try await program.git(["commit", "-q", "--amend", "-m", "other", "--allow-empty"])
            #expect(try await program.git(["push", "--force", "flock", "main"]).output.contains("release 2 is live"))

            let branch = "we\"ird/β$(id)"
            let odd = try await program.push("main:refs/heads/\(branch)")
            let host = try #require(odd.firstMatch(of: /live at http:\/\/([^:\/]+)/)).1
            #expect(host.hasSuffix("--hello.flock.test"), "\(odd)")
            #expect(!odd.contains("uid="))
            try await eventually("the preview answers") { try await site.request(String(host)).status == 200 }
            #expect(try await site.flock(["deploys"]).output.contains(branch))

            try await program.git(["tag", "-a", "v1", "-m", "one"])
            #expect(try await program.push("v1").contains("tag v1"))

            #expect(try await program.push(":refs/heads/\(branch)").contains("deleted"))
            #expect(try await site.request("hello.flock.test").status == 200)
        }
    }

    @Test("pre-receive refuses a broken package.json while it is still in git's quarantine; nothing of it is kept")
    func preReceive() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            let before = try await program.git(["rev-parse", "HEAD"]).output
            try await program.commit(["package.json": Self.broken])

            let refused = try await program.attempt(["push", "flock", "main"])
            #expect(!refused.isSuccess && refused.output.contains("Flock: refused: branch main"), "\(refused.output)")
            #expect(refused.output.contains("flock.instnces") && refused.output.contains("did you mean \"instances\"?"))
            #expect(refused.output.contains("flock.cpus"))
            let remote = try await program.git(["ls-remote", "flock"]).output
            #expect(remote.split(separator: "\n").allSatisfy { $0.hasPrefix(before.prefix(40)) }, "\(remote)")

            // Of several branches at once, one that is broken refuses the push.
            let both = try await program.attempt(["push", "--atomic", "flock", "main~:refs/heads/master", "main"])
            #expect(!both.isSuccess)

            // A branch that does not deploy may hold anything, and a broken one can be deleted.
            #expect(try await program.attempt(["push", "flock", "main:develop"]).isSuccess)
            #expect(try await program.attempt(["push", "flock", ":develop"]).isSuccess)

            try await program.commit(HelloApp.files(version: "1.0.1"))
            try await program.push()
            try await eventually("the mended one is deployed") {
                try await site.request("hello.flock.test").body.hasPrefix("1.0.1")
            }
        }
    }

    @Test("of a repository with several programs, each is looked at before a push, in its folder")
    func folders() async throws {
        let place = try await BareRepository()
        let program = place.program
        let flock = "command=\(Binary.path("flock"))"
        // The second time says the same.
        for _ in 1...2 { try await place.install("pre-receive", flock, "folder=web", "folder=apps/the api") }
        let installed = try await run(
            "sh", ["\(Self.folder)/install.sh", "pre-push", program.path, flock, "folder=web", "folder=apps/the api"])
        #expect(installed.isSuccess, "\(installed.output)")
        func package(_ version: String) -> String { #"{"name": "x", "version": "\#(version)", "flock": {"cmd": "x"}}"# }
        try await program.commit(["web/package.json": package("1.0.0"), "apps/the api/package.json": package("1.0.0")])
        try await program.push()
        try await program.commit(["web/package.json": package("1.1.0"), "apps/the api/new": ""])
        let hinted = try await program.push()
        #expect(hinted.contains("Flock: apps/the api: the version is still 1.0.0"), "\(hinted)")
        #expect(!hinted.contains("web: the version"))

        try await program.commit(["web/package.json": Self.broken, "apps/the api/package.json": Self.broken])
        for arguments in [["push", "flock", "main"], ["push", "--no-verify", "flock", "main"]] {
            let refused = try await program.attempt(arguments)
            #expect(!refused.isSuccess, "\(refused.output)")
            for file in ["web/package.json", "apps/the api/package.json"] {
                #expect(refused.output.contains("\(file): flock.instnces"), "\(refused.output)")
            }
        }
        // Only one of them is broken.
        try await program.commit(["web/package.json": package("1.2.0")])
        let one = try await program.attempt(["push", "--no-verify", "flock", "main"])
        #expect(!one.isSuccess && !one.output.contains("web/package.json"), "\(one.output)")
    }

    @Test("pre-receive lets a push pass where flock cannot be run, and says so")
    func preReceiveWithoutFlock() async throws {
        let place = try await BareRepository()
        try await place.install("pre-receive", "command=/nowhere/flock")
        try await place.program.commit(["package.json": Self.broken])
        let pushed = try await place.program.attempt(["push", "flock", "main"])
        #expect(pushed.isSuccess && pushed.output.contains("was not looked at"), "\(pushed.output)")
    }

    @Test("pre-push refuses before the push what the other side would, and reminds of the version")
    func prePush() async throws {
        let place = try await BareRepository()
        let program = place.program
        let installed = try await run(
            "sh", ["\(Self.folder)/install.sh", "pre-push", program.path, "command=\(Binary.path("flock"))"])
        #expect(installed.isSuccess, "\(installed.output)")
        try await program.commit(HelloApp.files(version: "1.0.0"))
        let first = try await program.push()
        #expect(!first.contains("the version is still"))

        try await program.commit(["server.js": "// other\n" + HelloApp.server])
        #expect(try await program.push().contains("Flock: the version is still 1.0.0"))
        try await program.commit(HelloApp.files(version: "1.1.0"))
        #expect(!(try await program.push().contains("the version is still")))

        try await program.commit(["package.json": Self.broken])
        let refused = try await program.attempt(["push", "flock", "main"])
        #expect(!refused.isSuccess && refused.output.contains("did you mean \"instances\"?"), "\(refused.output)")
        #expect(try await program.attempt(["push", "flock", "main:develop"]).isSuccess)
        #expect(try await program.attempt(["push", "--no-verify", "flock", "main"]).isSuccess)
    }

    @Test(
        "install.sh makes a bare repository of the settings deploy; it leaves another's hook alone and explains itself")
    func install() async throws {
        try await Site.run { site in
            let place = try await BareRepository()
            let path = "\(place.folder.path)/hello.git"
            try "secret-of-the-test\n".write(
                toFile: "\(place.folder.path)/secret", atomically: true, encoding: .utf8)
            try await site.deploys(
                ["main": "production"], at: path, secret: "\(place.folder.path)/secret")
            for hook in ["post-receive", "pre-receive"] {
                try await place.install(
                    hook, "command=\(Binary.path("flock"))", "config=\(site.config)",
                    "secretfile=\(place.folder.path)/secret")
            }
            try await place.program.commit(HelloApp.files(version: "1.0.0"))
            #expect(try await place.program.push().contains("release 1 is live"))

            try "#!/bin/sh\n".write(toFile: "\(path)/hooks/pre-receive", atomically: true, encoding: .utf8)
            let other = try await run("sh", ["\(Self.folder)/install.sh", "pre-receive", path])
            #expect(other.status == 73 && other.output.contains("is not Flock's"), "\(other.output)")
            #expect(try await run("sh", ["\(Self.folder)/install.sh", "post-recieve", path]).status == 64)
            #expect(try await run("sh", ["\(Self.folder)/install.sh", "post-receive", path, "x=y"]).status == 64)
            #expect(try await run("sh", ["\(Self.folder)/install.sh", "post-receive", "/nowhere"]).status == 66)
        }
    }
}

/// A bare repository, and a working copy of it whose remote is called flock.
struct BareRepository {
    let folder: TemporaryFolder
    let program: Program

    init() async throws {
        folder = try TemporaryFolder()
        program = Program(path: "\(folder.path)/copy")
        let made = try await run("git", ["init", "-q", "--bare", "-b", "main", "\(folder.path)/hello.git"])
        try FileManager.default.createDirectory(atPath: program.path, withIntermediateDirectories: true)
        guard made.isSuccess else { throw NeverHappened(description: made.output) }
        try await program.git(["init", "-q", "-b", "main"])
        try await program.git(["remote", "add", "flock", "\(folder.path)/hello.git"])
    }

    func install(_ hook: String, _ settings: String...) async throws {
        let ran = try await run(
            "sh", ["\(HookScriptTests.folder)/install.sh", hook, "\(folder.path)/hello.git"] + settings)
        guard ran.isSuccess else { throw NeverHappened(description: ran.output) }
    }
}
