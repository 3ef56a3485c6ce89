import Foundation
import Testing

@testable import Git

@Suite struct FetchTests {
    @Test func fetchesABranch() async throws {
        try await Workspace.with { workspace in
            try workspace.write("one", to: "file")
            let first = try await workspace.commit()
            try await workspace.git("branch", "feature/x")
            try await workspace.git("tag", "--annotate", "--message", "release", "v1")
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched/shop.git"
                #expect(try await fetch(server.url, into: path) == first)
                let repository = try GitRepository(bareAt: path)
                #expect(try await repository.file("file", at: first) == Array("one".utf8))
                #expect(try await repository.branches().map(\.name) == ["refs/heads/main"])
                #expect(try await workspace.run("git", "-C", path, "tag") == "")

                try workspace.write("two", to: "file")
                let second = try await workspace.commit()
                #expect(try await fetch(server.url, into: path) == second)
                #expect(try await repository.tip(of: "main") == second)
                #expect(try await fetch(server.url, into: path) == second, "nothing new")

                try await workspace.git("reset", "--quiet", "--hard", first.description)
                try workspace.write("three", to: "file")
                let forced = try await workspace.commit()
                #expect(try await fetch(server.url, into: path) == forced)
                #expect(try await repository.tip(of: "main") == forced)
                #expect(try await fetch(server.url, branch: "feature/x", into: path) == first)
                try await workspace.run("git", "-C", path, "fsck", "--strict")
            }
        }
    }

    @Test func anAbsentBranchIsAnError() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await workspace.git("tag", "v1")
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                await expectError(.notFound) { try await fetch(server.url, branch: "absent", into: path) }
                await expectError(.notFound) { try await fetch(server.url, branch: "v1", into: path) }
                await expectError(.invalidName) { try await fetch(server.url, branch: "a:b", into: path) }
            }
        }
    }

    @Test func honoursNoRewritingOfURLs() async throws {
        try await Workspace.with { workspace in
            let commit = try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                try GitRepository.createBare(at: path)
                try await workspace.run(
                    "git", "-C", path, "config", "url.file:///nowhere/.insteadOf", "http://127.0.0.1:\(server.port)/")
                #expect(try await fetch(server.url, into: path) == commit)
            }
        }
    }

    @Test(arguments: [
        "file:///srv/shop.git", "/srv/shop.git", "../shop.git", "git://example.org/shop", "ssh://example.org/shop",
        "git@example.org:shop", "ext::sh -c id", "https://", "https://exa mple.org/", "https://example.org/\nx", "",
    ])
    func refusesOtherURLs(_ url: String) async throws {
        await expectError(.unsafeURL) { try await fetch(url, into: "/nowhere/at/all") }
    }

    @Test func refusesHTTPUnlessAllowed() async throws {
        await expectError(.unsafeURL) {
            try await GitRepository.fetch(
                url: "http://127.0.0.1:1/shop", branch: "main", into: "/nowhere/at/all", deadline: .seconds(20),
                byteLimit: 1)
        }
    }

    @Test func namesNoPassword() async throws {
        try await Workspace.with { workspace in
            let error = await expectError(.fetchFailed) {
                try await fetch("http://me:s3cret@127.0.0.1:1/shop", into: "\(workspace.folder)/fetched.git")
            }
            #expect(error?.description.contains("127.0.0.1") == true)
            #expect(error?.description.contains("s3cret") == false)
        }
    }

    @Test func followsNoRedirectAndHasNoCredentials() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                await expectError(.fetchFailed) { try await fetch(server.moved, into: path) }
                await expectError(.authentication) { try await fetch(server.locked, into: path) }
            }
        }
    }

    @Test func stopsAtTheByteLimit() async throws {
        try await Workspace.with { workspace in
            var random = SystemRandomNumberGenerator()
            // Bytes that do not compress.
            try workspace.write((0..<1_000_000).map { _ in UInt8.random(in: 0...255, using: &random) }, to: "file")
            let commit = try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                await expectError(.tooLarge) { try await fetch(server.url, into: path, byteLimit: 300_000) }
                let repository = try GitRepository(bareAt: path)
                #expect(try await repository.tip(of: "main") == nil)
                #expect(try await fetch(server.url, into: path, byteLimit: 2_000_000) == commit)
            }
        }
    }

    @Test func aStalledServerMeetsTheDeadline() async throws {
        try await Workspace.with { workspace in
            let commit = try await workspace.commit()
            try await GitServer.with(workspace) { server in
                for url in [server.stalled, server.stalledPack] {
                    let path = "\(workspace.folder)/\(UUID().uuidString).git"
                    await expectError(.timedOut) {
                        try await fetch(url, into: path, deadline: .milliseconds(200))
                    }
                    let fetched = try await fetch(server.url, into: path)
                    #expect(fetched == commit, "the repository is still of use")
                }
            }
        }
    }

    @Test func aCancelledTaskDoesNotWait() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                let task = Task { try await fetch(server.stalled, into: path, deadline: .seconds(3600)) }
                try await server.waitUntilStalled()
                task.cancel()
                await expectError(.cancelled) { try await task.value }
            }
        }
    }

    @Test func manyFetchesRunAtOnce() async throws {
        try await Workspace.with { workspace in
            let commit = try await workspace.commit()
            try await GitServer.with(workspace) { server in
                try await withThrowingTaskGroup(of: ObjectID.self) { group in
                    for number in 0..<8 {
                        // Two fetches for each repository.
                        let path = "\(workspace.folder)/fetched-\(number / 2).git"
                        group.addTask { try await fetch(server.url, into: path) }
                    }
                    for try await fetched in group { #expect(fetched == commit) }
                }
            }
        }
    }
}

private func fetch(
    _ url: String, branch: String = "main", into path: String, deadline: Duration = .seconds(60),
    byteLimit: Int = 64 << 20
) async throws(GitError) -> ObjectID {
    try await GitRepository.fetch(
        url: url, branch: branch, into: path, deadline: deadline, byteLimit: byteLimit, allowInsecure: true)
}
