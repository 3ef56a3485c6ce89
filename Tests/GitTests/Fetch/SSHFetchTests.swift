import FlockTesting
import Foundation
import Testing

@testable import Git

@Suite struct SSHFetchTests {
    @Test(arguments: [true, false])
    func fetchesWithADeployKey(_ takesVersion: Bool) async throws {
        try await Workspace.with { workspace in
            try workspace.write(String(repeating: "one\n", count: 1000), to: "file")
            try await workspace.commit()
            let first = try await workspace.commit("second")
            try await SSHServer.with(workspace, takesVersion: takesVersion) { server in
                let path = "\(workspace.folder)/fetched.git"
                let fetched = try await GitRepository.fetch(.branch("main"), from: server.remote(), into: path)
                #expect(fetched.commit == first)
                #expect(try await workspace.run("git", "-C", path, "rev-list", "--count", "main") == "1")
                try workspace.write(String(repeating: "one\n", count: 1000) + "two", to: "file")
                let second = try await workspace.commit()
                let more = try await GitRepository.fetch(.branch("main"), from: server.remote(), into: path)
                #expect(more.commit == second)
                #expect(try await more.repository.file("file", at: second)?.count == 4003)
                let none = try await GitRepository.fetch(.branch("main"), from: server.remote(), into: path)
                #expect(none.commit == second)
                #expect(
                    try await server.remote().references() == [Reference(name: "refs/heads/main", target: second)])
                await expectError(.notFound) {
                    try await GitRepository.fetch(.branch("absent"), from: server.remote(), into: path)
                }
                try await workspace.run("git", "-C", path, "fsck", "--strict", "--full")
            }
        }
    }

    @Test func goesOnWithNoKeyButThoseThatAreGiven() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await SSHServer.with(workspace, takesVersion: true) { server in
                var remote = try server.remote()
                let other = try HostKeyFingerprint("SHA256:\(String(repeating: "A", count: 43))").orThrow()
                remote.hostKeys = [other]
                await expectError(.hostKey) { try await remote.references() }
                remote.hostKeys = []
                let error = await expectError(.hostKey) { try await remote.references() }
                #expect(error?.hint?.contains("ssh-keyscan") == true)
                remote.hostKeys = [other, server.fingerprint]
                #expect(try await remote.references().count == 1)
            }
        }
    }

    @Test func saysWhyItMayNotRead() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await SSHServer.with(workspace, takesVersion: true) { server in
                var remote = try server.remote()
                remote.keyFile = server.otherKey
                await expectError(.authentication) { try await remote.references() }
                remote.keyFile = nil
                await expectError(.authentication) { try await remote.references() }
                remote.keyFile = server.key
                try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: server.key)
                let error = await expectError(.authentication) { try await remote.references() }
                #expect(error?.hint?.contains("chmod 600") == true)
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: server.key)
                await expectError(.repositoryNotFound) { try await server.remote("/absent").references() }
                // A name that the server's shell must not take apart.
                let mark = "\(workspace.folder)/mark"
                await expectError(.repositoryNotFound) {
                    try await server.remote("/x';touch$IFS\(mark);'").references()
                }
                #expect(!FileManager.default.fileExists(atPath: mark))
                remote.allowsPrivateAddresses = false
                await expectError(.unsafeAddress) { try await remote.references() }
            }
        }
    }

    @Test func aServerThatSaysNothingMeetsTheDeadline() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            let mark = "\(workspace.folder)/asked"
            let command = "/bin/sh -c 'touch \(mark); exec cat >/dev/null'"
            try await SSHServer.with(workspace, takesVersion: true, command: command) { server in
                let remote = try server.remote()
                await expectError(.timedOut) {
                    try await remote.references(limits: FetchLimits(deadline: .seconds(2)))
                }
                try? FileManager.default.removeItem(atPath: mark)
                let task = Task { try await remote.references(limits: FetchLimits(deadline: .seconds(3600))) }
                try await eventually("the server is asked") { FileManager.default.fileExists(atPath: mark) }
                task.cancel()
                await expectError(.cancelled) { try await task.value }
            }
        }
    }

    @Test func aServerThatSpeaksSomethingElseIsAnError() async throws {
        try await Workspace.with { workspace in
            try await SSHServer.with(workspace, takesVersion: true, command: "echo Welcome!") { server in
                await expectError(.fetchFailed) { try await server.remote().references() }
            }
        }
    }

    @Test func saysThatNobodyListens() async throws {
        let port = try await freePorts(1)[0]
        let key = try #require(HostKeyFingerprint("SHA256:\(String(repeating: "A", count: 43))"))
        let remote = try Remote(
            RemoteURL("ssh://git@127.0.0.1:\(port)/shop"), hostKeys: [key], allowsPrivateAddresses: true)
        await expectError(.unreachable) { try await remote.references() }
    }

    @Test func knowsGitHubsKeys() throws {
        #expect(HostKeyFingerprint.published(for: "github.com").count == 3)
        #expect(HostKeyFingerprint.published(for: "github.com.example.org").isEmpty)
        let address = NetworkAddress(bytes: [140, 82, 121, 4], text: "140.82.121.4")
        let remote = try Remote(RemoteURL("git@github.com:acme/shop.git"), keyFile: "/keys/100%")
        let arguments = try SSHCommand(remote, at: address, connect: .seconds(10)).arguments
        #expect(arguments.contains("HostName=140.82.121.4"))
        #expect(arguments.contains("/keys/100%%"))
        #expect(arguments.suffix(3) == ["--", "github.com", "git-upload-pack 'acme/shop.git'"])
    }
}
