import FlockTesting
import Foundation
import Testing

@testable import Git

@Suite struct FetchTests {
    @Test(arguments: [nil, "old"])
    func fetchesTheTipOfABranchWithoutItsHistory(_ protocolVersion: String?) async throws {
        try await Workspace.with { workspace in
            try workspace.write(String(repeating: "one\n", count: 1000), to: "file")
            try workspace.write("other", to: "deep/other")
            let first = try await workspace.commit()
            try await workspace.git("branch", "feature/x")
            try await workspace.git("tag", "--annotate", "--message", "release", "v1")
            try await workspace.commit("between")
            let tip = try await workspace.commit("tip")
            try await GitServer.with(workspace) { server in
                let remote = try server.remote(protocolVersion)
                let path = "\(workspace.folder)/fetched/shop.git"
                let fetched = try await GitRepository.fetch(.branch("main"), from: remote, into: path)
                #expect(fetched.commit == tip)
                #expect(try await fetched.repository.file("deep/other", at: tip) == Array("other".utf8))
                #expect(try await fetched.repository.branches().map(\.name) == ["refs/heads/main"])
                await expectError(.notFound) { try await fetched.repository.commit(first) }
                #expect(try await workspace.run("git", "-C", path, "rev-list", "--count", "main") == "1")

                try workspace.write(String(repeating: "one\n", count: 1000) + "two", to: "file")
                let second = try await workspace.commit()
                let more = try await GitRepository.fetch(.branch("main"), from: remote, into: path)
                #expect(more.commit == second)
                #expect(more.receivedBytes > 0 && more.receivedBytes < fetched.receivedBytes + 200)
                #expect(try await fetched.repository.file("file", at: second)?.count == 4003, "seen by who has it open")

                let asked = server.requests.count
                let none = try await GitRepository.fetch(.branch("main"), from: remote, into: path)
                #expect(none.commit == second)
                #expect(server.requests.count - asked == (protocolVersion == nil ? 1 : 2), "no pack was asked for")

                try await workspace.git("reset", "--quiet", "--hard", tip.description)
                try workspace.write("three", to: "file")
                let forced = try await workspace.commit()
                #expect(try await GitRepository.fetch(.branch("main"), from: remote, into: path).commit == forced)
                #expect(try await fetched.repository.tip(of: "main") == forced)
                #expect(try await GitRepository.fetch(.branch("feature/x"), from: remote, into: path).commit == first)
                try await workspace.run("git", "-C", path, "fsck", "--strict", "--full")
            }
        }
    }

    @Test func fetchesACommitThatNoBranchEndsAt() async throws {
        try await Workspace.with { workspace in
            try workspace.write("one", to: "file")
            let first = try await workspace.commit()
            try await workspace.git("tag", "--annotate", "--message", "release", "v1")
            let tag = try ObjectID(await workspace.git("rev-parse", "v1")).orThrow()
            try workspace.write("two", to: "file")
            try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                let fetched = try await GitRepository.fetch(.commit(first), from: server.remote(), into: path)
                #expect(try await fetched.repository.file("file", at: first) == Array("one".utf8))
                let tagged = try await GitRepository.fetch(.commit(tag), from: server.remote(), into: path)
                #expect(tagged.commit == first, "the commit that the tag is of")
                let absent = try #require(ObjectID(String(repeating: "1", count: 40)))
                await expectError(.fetchFailed) {
                    try await GitRepository.fetch(.commit(absent), from: server.remote(), into: path)
                }
                try await workspace.run("git", "-C", path, "fsck", "--strict", "--full")
            }
        }
    }

    @Test(arguments: [nil, "old"])
    func listsWhatTheServerHas(_ protocolVersion: String?) async throws {
        try await Workspace.with { workspace in
            let first = try await workspace.commit()
            try await workspace.git("branch", "feature/x")
            try await workspace.git("tag", "--annotate", "--message", "release", "v1")
            let second = try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let remote = try server.remote(protocolVersion)
                #expect(
                    try await remote.references() == [
                        Reference(name: "refs/heads/feature/x", target: first),
                        Reference(name: "refs/heads/main", target: second),
                    ])
                let tags = try await remote.references(under: "refs/tags/")
                #expect(tags == [Reference(name: "refs/tags/v1", target: first)], "the tag's commit, not the tag")
            }
        }
    }

    @Test func anAbsentBranchIsAnError() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await workspace.git("branch", "mainland")
            try await workspace.git("tag", "v1")
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                for name in ["absent", "v1", "mainlan"] {
                    await expectError(.notFound) {
                        try await GitRepository.fetch(.branch(name), from: server.remote(), into: path)
                    }
                }
                await expectError(.invalidName) {
                    try await GitRepository.fetch(.branch("a:b"), from: server.remote(), into: path)
                }
            }
        }
    }

    @Test(arguments: [nil, "old"])
    func goesOnWhenTheServersRepositoryIsMadeAnew(_ protocolVersion: String?) async throws {
        try await Workspace.with { workspace in
            try workspace.write("one", to: "file")
            try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                let remote = try server.remote(protocolVersion)
                _ = try await GitRepository.fetch(.branch("main"), from: remote, into: path)
                try FileManager.default.removeItem(atPath: workspace.repository)
                try await workspace.run("git", "init", "--quiet", "--initial-branch=main", workspace.repository)
                #expect(try await remote.references().isEmpty)
                await expectError(.notFound) {
                    try await GitRepository.fetch(.branch("main"), from: remote, into: path)
                }
                // The server knows nothing of what the store has.
                try workspace.write("two", to: "file")
                try await workspace.commit("new")
                let tip = try await workspace.commit("newer")
                let fetched = try await GitRepository.fetch(.branch("main"), from: remote, into: path)
                #expect(fetched.commit == tip)
                #expect(try await fetched.repository.file("file", at: tip) == Array("two".utf8))
                try await workspace.run("git", "-C", path, "fsck", "--strict", "--full")
            }
        }
    }

    @Test func saysThatItCannotReadSHA256() async throws {
        try await Workspace.with { workspace in
            try FileManager.default.removeItem(atPath: workspace.repository)
            try await workspace.run(
                "git", "init", "--quiet", "--object-format=sha256", "--initial-branch=main", workspace.repository)
            try await workspace.git("commit", "--quiet", "--allow-empty", "--message", "sha256")
            try await GitServer.with(workspace) { server in
                let error = await expectError(.fetchFailed) { try await server.remote().references() }
                #expect(error?.message.contains("sha256") == true)
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
                    "git", "-C", path, "config", "url.file:///nowhere/.insteadOf", "http://localhost:\(server.port)/")
                let fetched = try await GitRepository.fetch(.branch("main"), from: server.remote(), into: path)
                #expect(fetched.commit == commit)
            }
        }
    }

    @Test func speaksTLSWithAnAuthorityFromAFile() async throws {
        try await Workspace.with { workspace in
            let commit = try await workspace.commit()
            try await GitServer.with(workspace, tls: "DNS:localhost") { server in
                let path = "\(workspace.folder)/fetched.git"
                var remote = try server.remote()
                remote.allowsHTTP = false
                let fetched = try await GitRepository.fetch(.branch("main"), from: remote, into: path)
                #expect(fetched.commit == commit)
                // The certificate is for the name, and this authority is not one of the system's.
                remote.url = try RemoteURL(server.url(host: "127.0.0.1"))
                await expectError(.certificate) { try await remote.references() }
                remote = try server.remote()
                remote.authorities = nil
                await expectError(.certificate) { try await remote.references() }
            }
        }
    }

    /// As somebody could have one who owns the address, and forges the name server's answer.
    @Test func takesNoCertificateForTheAddressInPlaceOfTheName() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await GitServer.with(workspace, tls: "IP:127.0.0.1") { server in
                await expectError(.certificate) { try await server.remote(token: "letmein").references() }
                #expect(server.requests.isEmpty, "no token was shown")
                var remote = try server.remote()
                remote.url = try RemoteURL(server.url(host: "127.0.0.1"))
                #expect(try await remote.references().count == 1, "who asks for the address gets it")
            }
        }
    }

    @Test func showsItsTokenToTheServerOnly() async throws {
        try await Workspace.with { workspace in
            let commit = try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                let fetched = try await GitRepository.fetch(
                    .branch("main"), from: server.remote("locked", token: "letmein"), into: path)
                #expect(fetched.commit == commit)
                #expect(server.requests.allSatisfy { $0.hasSuffix(" x-access-token:letmein") })
                for token in [nil, "s3cret"] {
                    let error = await expectError(.authentication) {
                        try await server.remote("locked", token: token).references()
                    }
                    #expect(error?.description.contains("s3cret") == false)
                    #expect(error?.hint != nil)
                }
                let asked = server.requests.count
                await expectError(.unsafeRedirect) {
                    try await server.remote("redirect/host", token: "letmein").references()
                }
                #expect(
                    server.requests.dropFirst(asked).allSatisfy { $0.contains(" /redirect/host/") },
                    "the redirect was not followed")
            }
        }
    }

    @Test func followsARedirectOnTheSameServerOnly() async throws {
        try await Workspace.with { workspace in
            let commit = try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                let moved = try server.remote("redirect/same")
                #expect(try await GitRepository.fetch(.branch("main"), from: moved, into: path).commit == commit)
                for kind in ["host", "file", "port"] {
                    await expectError(.unsafeRedirect) { try await server.remote("redirect/\(kind)").references() }
                }
                await expectError(.fetchFailed) { try await server.remote("redirect/loop").references() }
            }
        }
    }

    @Test func reachesNoPrivateAddressUnlessAllowed() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await GitServer.with(workspace) { server in
                // As names, numbers and in the spellings that resolvers take.
                for host in ["127.0.0.1", "localhost", "2130706433", "127.1", "0x7f000001", "0.0.0.0"] {
                    let remote = try Remote(RemoteURL(server.url(host: host)), allowsHTTP: true)
                    await expectError(.unsafeAddress) { try await remote.references() }
                }
                var remote = try server.remote()
                remote.allowsHTTP = false
                await expectError(.unsafeURL) { try await remote.references() }
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test func saysThatNobodyListens() async throws {
        let port = try await freePorts(1)[0]
        let remote = try Remote(
            RemoteURL("http://127.0.0.1:\(port)/shop"), allowsHTTP: true, allowsPrivateAddresses: true)
        await expectError(.unreachable) { try await remote.references() }
    }

    @Test func saysThatThereIsNoGit() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await GitServer.with(workspace) { server in
                await expectError(.fetchFailed) { try await server.remote("text").references() }
                var remote = try server.remote()
                remote.url = try RemoteURL("http://127.0.0.1:\(server.port)/repository/absent.git")
                await expectError(.repositoryNotFound) { try await remote.references() }
            }
        }
    }

    @Test func manyFetchesRunAtOnce() async throws {
        try await Workspace.with { workspace in
            let commit = try await workspace.commit()
            try await workspace.git("branch", "other")
            try await GitServer.with(workspace) { server in
                let remote = try server.remote()
                try await withThrowingTaskGroup(of: ObjectID.self) { group in
                    for number in 0..<12 {
                        // Four fetches for each repository.
                        let path = "\(workspace.folder)/fetched-\(number / 4).git"
                        let branch = number % 2 == 0 ? "main" : "other"
                        group.addTask {
                            try await GitRepository.fetch(.branch(branch), from: remote, into: path).commit
                        }
                    }
                    for try await fetched in group { #expect(fetched == commit) }
                }
            }
        }
    }
}
