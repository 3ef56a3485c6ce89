import FlockCore
import FlockTesting
import Foundation
import GRDB
import Testing

@testable import FlockHook

/// Deliveries about a repository with several programs, over real HTTP to the real router.
@Suite struct ProgramDeliveryTests {
    private static let mono = "https://github.com/acme/mono"
    private static let entries = [
        "{url: 'git@github.com:acme/mono.git', path: web, secret: [{file: new}, {file: old}], "
            + "branches: {master: production, 'x/*': preview}, pullRequests: true}",
        "{url: '\(mono)', path: apps/api, secret: {file: new}, branches: {master: production}}",
        "{url: '\(mono).git', secret: {file: other}, branches: {master: production}}",
    ]

    private static func run(_ body: @Sendable @escaping (HookServer) async throws -> Void) async throws {
        try await HookServer.run(more: entries, body)
    }

    private func push(_ ref: String = "refs/heads/master", before: String = Pushes.old) -> [UInt8] {
        Pushes.github(ref, before: before, repository: Self.mono)
    }

    @Test func `a delivery is for each program whose secret made the signature`() async throws {
        try await Self.run { (server) async throws in
            let both = try await server.deliver(.github, "push", push())
            #expect(both.status == 202 && both.answer?.deploy == 1, "\(both.text)")
            #expect(
                both.answer?.changes?.map(\.repository) == ["\(Self.mono)#web", "\(Self.mono)#apps/api"])
            #expect(both.answer?.changes?.map(\.deploy) == [1, 2])
            let old = try await server.deliver(.github, "push", push(), secret: HookServer.formerSecret)
            #expect(old.answer?.changes?.map(\.repository) == ["\(Self.mono)#web"])
            let top = try await server.deliver(.github, "push", push(), secret: HookServer.otherSecret)
            #expect(top.status == 202 && top.answer?.changes?.map(\.repository) == [Self.mono])
            // None waits for another's, and none has taken another's place but that of its own program.
            let waiting = try await server.hook.store.unfinished()
            #expect(waiting.map(\.id) == [2, 3, 4])
            #expect(DeployQueue.next(waiting, running: [:], builders: 9).map(\.id) == [2, 3, 4])
        }
    }

    @Test func `whom no secret proves learns nothing of the programs`() async throws {
        try await Self.run { (server) async throws in
            let wrong = try await server.deliver(.github, "push", push(), secret: "wrong")
            let unknown = Pushes.github("refs/heads/master", repository: "https://github.com/nobody/nothing")
            let stranger = try await server.deliver(.github, "push", unknown)
            #expect(wrong.status == 401 && stranger.status == 401 && wrong.text == stranger.text)
            #expect(try await server.hook.store.deploys(limit: 9).isEmpty)

            // As many secrets are tried, whichever is named.
            let all = await server.hook.repositories.all
            let mono = all.filter { $0.key.hasPrefix(Self.mono) }
            let counts = [mono, [all[0]], []].map { RepositoryDirectory.tried(for: $0, of: all) }.map { Set($0).count }
            #expect(mono.count == 3 && counts == [3, 3, 3])
        }
    }

    @Test func `the same delivery again is the same deploy of each`() async throws {
        try await Self.run { (server) async throws in
            let first = try await server.deliver(.github, "push", push(), id: "d")
            let again = try await server.deliver(.github, "push", push(), id: "d")
            #expect(first.status == 202 && again.status == 200)
            #expect(again.answer?.changes?.map(\.deploy) == [1, 2])
            #expect(again.answer?.message == "this delivery was received before, as deploy 1: queued")
            #expect(try await server.hook.store.deploys(limit: 9).count == 2)
        }
    }

    @Test func `what a delivery is to one program does not hold for the others`() async throws {
        try await Self.run { (server) async throws in
            let branch = try await server.deliver(.github, "push", push("refs/heads/x/y"))
            #expect(branch.status == 202 && branch.answer?.changes?.map(\.code) == [nil, "branch_unmapped"])
            let pull = Array(
                """
                {"action": "opened", "pull_request": {"number": 7,
                 "head": {"ref": "topic", "sha": "\(Pushes.new)", "repo": {"id": 1, "full_name": "acme/mono"}},
                 "base": {"ref": "master", "sha": "\(Pushes.old)", "repo": {"id": 1, "full_name": "acme/mono"}}},
                 "repository": {"clone_url": "\(Self.mono).git"}}
                """.utf8)
            let opened = try await server.deliver(.github, "pull_request", pull)
            #expect(opened.status == 202 && opened.answer?.deploy == 3, "\(opened.text)")
            #expect(opened.answer?.changes?.map(\.code) == [nil, "pull_requests_off"])
            #expect(opened.answer?.changes?.map(\.deploy) == [3, nil])
            let ping = try await server.deliver(.github, "ping", push())
            #expect(ping.status == 200 && ping.answer?.changes?.map(\.code) == ["pong", "pong"])
        }
    }

    @Test func `what the store knows under a program that no entry has ends, and keeps nobody waiting`() async throws {
        try await Self.run { (server) async throws in
            var former = Fixtures.repository(["master": .production])
            (former.address, former.folder) = (RepositoryAddress(Self.mono), "former")
            let change = try RefChange(name: "refs/heads/master", before: nil, after: Pushes.new)
            let old = Delivery(forge: .github, id: "old", repository: former, changes: [change])
            _ = try await server.hook.accept([old])
            let running = Task { try await server.hook.run() }
            try await eventually("it ends") { try await server.hook.store.deploy(1)?.state == .failed }
            #expect(try await server.hook.store.deploy(1)?.code == "repository_unknown")
            #expect(try await server.deliver(.github, "push", push()).status == 202)
            running.cancel()
            try? await running.value
        }
    }

    @Test func `of a delivery that cannot be stored for one program nothing is stored`() async throws {
        try await Self.run { (server) async throws in
            let fault = """
                CREATE TRIGGER full BEFORE INSERT ON deploy WHEN NEW.repository LIKE '%#apps/api'
                BEGIN SELECT RAISE(ABORT, 'full'); END
                """
            try await server.hook.store.database.write { try $0.execute(sql: fault) }
            #expect(try await server.deliver(.github, "push", push(), id: "d").status == 503)
            #expect(try await server.hook.store.deploys(limit: 9).isEmpty)
            try await server.hook.store.database.write { try $0.execute(sql: "DROP TRIGGER full") }
            #expect(try await server.deliver(.github, "push", push(), id: "d").status == 202)
            #expect(try await server.hook.store.deploys(limit: 9).count == 2)
        }
    }
}
