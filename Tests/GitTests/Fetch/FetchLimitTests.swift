import FlockTesting
import Foundation
import NIOCore
import NIOPosix
import Testing

@testable import Git

@Suite struct FetchLimitTests {
    @Test func stopsAtTheByteLimit() async throws {
        try await Workspace.with { workspace in
            try workspace.write(noise(1_000_000), to: "file")
            let commit = try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                await expectError(.tooLarge) {
                    try await GitRepository.fetch(
                        .branch("main"), from: server.remote(), into: path, limits: FetchLimits(bytes: 300_000))
                }
                let repository = try GitRepository(bareAt: path)
                #expect(try await repository.tip(of: "main") == nil)
                let fetched = try await GitRepository.fetch(
                    .branch("main"), from: server.remote(), into: path, limits: FetchLimits(bytes: 2_000_000))
                #expect(fetched.commit == commit)
                await expectError(.tooLarge) {
                    try await server.remote("flood").references(limits: FetchLimits(bytes: 3_000_000))
                }
                await expectError(.tooLarge) { try await server.remote("flood").references() }
            }
        }
    }

    @Test func stopsAtTheObjectLimit() async throws {
        try await Workspace.with { workspace in
            for number in 0..<20 { try workspace.write("\(number)", to: "\(number)") }
            try await workspace.commit()
            try await GitServer.with(workspace) { server in
                await expectError(.tooLarge) {
                    try await GitRepository.fetch(
                        .branch("main"), from: server.remote(), into: "\(workspace.folder)/fetched.git",
                        limits: FetchLimits(objects: 21))
                }
            }
        }
    }

    @Test(arguments: ["status", "headers", "advertisement", "listing", "fetch", "pack"])
    func aStalledServerMeetsTheDeadline(_ stage: String) async throws {
        try await Workspace.with { workspace in
            try workspace.write(noise(100_000), to: "file")
            let commit = try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                let error = await expectError(.timedOut) {
                    try await GitRepository.fetch(
                        .branch("main"), from: server.remote("stall/\(stage)"), into: path,
                        limits: FetchLimits(deadline: .milliseconds(1500)))
                }
                #expect(error?.message.contains("not done after 1.5 seconds") == true)
                await expectError(.timedOut) {
                    try await GitRepository.fetch(
                        .branch("main"), from: server.remote("stall/\(stage)"), into: path,
                        limits: FetchLimits(silence: .milliseconds(300)))
                }
                let fetched = try await GitRepository.fetch(.branch("main"), from: server.remote(), into: path)
                #expect(fetched.commit == commit, "the store is still of use")
                try await workspace.run("git", "-C", path, "fsck", "--strict", "--full")
            }
        }
    }

    @Test func aServerThatSaysNothingInTLSMeetsTheConnectLimit() async throws {
        // It takes the connection, and never answers.
        let silent = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0).get()
        let remote = try Remote(
            RemoteURL("https://127.0.0.1:\(silent.localAddress?.port ?? 0)/shop"), allowsPrivateAddresses: true)
        await expectError(.unreachable) {
            try await remote.references(limits: FetchLimits(connect: .milliseconds(300)))
        }
        try await silent.close()
    }

    @Test func aConnectionThatEndsAmidThePackIsAnError() async throws {
        try await Workspace.with { workspace in
            try workspace.write(noise(100_000), to: "file")
            let commit = try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let path = "\(workspace.folder)/fetched.git"
                await expectError(.fetchFailed) {
                    try await GitRepository.fetch(.branch("main"), from: server.remote("drop/pack"), into: path)
                }
                let fetched = try await GitRepository.fetch(.branch("main"), from: server.remote(), into: path)
                #expect(fetched.commit == commit)
            }
        }
    }

    @Test func aCancelledTaskDoesNotWait() async throws {
        try await Workspace.with { workspace in
            try await workspace.commit()
            try await GitServer.with(workspace) { server in
                let remote = try server.remote("stall/status")
                let path = "\(workspace.folder)/fetched.git"
                let task = Task {
                    try await GitRepository.fetch(
                        .branch("main"), from: remote, into: path, limits: FetchLimits(deadline: .seconds(3600)))
                }
                try await server.waitUntilStalled()
                task.cancel()
                await expectError(.cancelled) { try await task.value }
            }
        }
    }
}

/// Bytes that do not compress.
func noise(_ count: Int) -> [UInt8] {
    var random = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
}
