import FlockCore
import Foundation
import GRDB
import Testing

@testable import FlockHook

@Suite struct HookStoreTests {
    private let now = Date(timeIntervalSince1970: 1_767_225_600)

    private func withStore<Result>(_ body: (HookStore) async throws -> Result) async throws -> Result {
        let folder = Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(try HookStore(folder: folder))
    }

    private func receive(
        _ store: HookStore, _ delivery: String, ref: String = "refs/heads/main", repository: String = "https://x/shop",
        verdict: DeliveryVerdict = .deploy(branch: "main", environment: .production)
    ) async throws -> HookStore.Receipt {
        try await store.receive(
            delivery: delivery, repository: repository, ref: ref, commit: "c-\(delivery)", verdict: verdict, at: now)
    }

    @Test func `what is committed outlives a power cut`() async throws {
        try await withStore { store in
            let mode = try await store.database
                .writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
            // FULL
            #expect(mode == 2)
        }
    }

    @Test func `a delivery becomes a queued deploy`() async throws {
        try await withStore { store in
            let receipt = try await receive(store, "d1")
            #expect(!receipt.isDuplicate)
            #expect(receipt.deploy.state == .queued && receipt.deploy.environment == "production")
            #expect(receipt.deploy.commit == "c-d1" && receipt.deploy.branch == "main")
            #expect(try await store.unfinished() == [receipt.deploy])
            #expect(try await store.events(of: receipt.deploy.id, after: 0).map(\.text) == ["received"])
        }
    }

    @Test func `the same delivery again is the same deploy`() async throws {
        try await withStore { store in
            let first = try await receive(store, "d1")
            let second = try await receive(store, "d1")
            #expect(second.isDuplicate && second.deploy == first.deploy)
            #expect(try await store.deploys(limit: 10).count == 1)
        }
    }

    @Test func `the newest push supersedes the one that waits`() async throws {
        try await withStore { store in
            let old = try await receive(store, "d1").deploy
            let otherBranch = try await receive(store, "d2", ref: "refs/heads/x").deploy
            let otherRepository = try await receive(store, "d3", repository: "https://x/blog").deploy
            let new = try await receive(store, "d4").deploy
            #expect(try await store.deploy(old.id)?.state == .superseded)
            #expect(try await store.deploy(old.id)?.reason == "deploy \(new.id) is newer")
            #expect(try await store.unfinished().map(\.id) == [otherBranch.id, otherRepository.id, new.id])
        }
    }

    @Test func `a deploy under way is not superseded`() async throws {
        try await withStore { store in
            let old = try await receive(store, "d1").deploy
            try await store.advance(old.id, to: .resolving, "looking")
            _ = try await receive(store, "d2")
            #expect(try await store.deploy(old.id)?.state == .resolving)
        }
    }

    @Test func `a push that leads to nothing is kept with its reason and supersedes nothing`() async throws {
        try await withStore { store in
            let queued = try await receive(store, "d1").deploy
            let ignored = try await receive(store, "d2", verdict: .ignore(code: "branch_deleted", reason: "gone"))
                .deploy
            #expect(ignored.state == .ignored && ignored.code == "branch_deleted" && ignored.reason == "gone")
            #expect(ignored.endedAt == now)
            #expect(try await store.unfinished().map(\.id) == [queued.id])
        }
    }

    @Test func `a deploy's story is told in order and from anywhere`() async throws {
        try await withStore { store in
            let id = try await receive(store, "d1").deploy.id
            try await store.begin(id)
            try await store.advance(id, to: .resolving, "one", at: now)
            try await store.finish(id, .failed, code: "app_unhealthy", reason: "two", at: now)
            #expect(try await store.events(of: id, after: 0).map(\.sequence) == [1, 2, 3])
            #expect(try await store.events(of: id, after: 1).map(\.text) == ["one", "two"])
            let deploy = try #require(try await store.deploy(id))
            #expect(deploy.state == .failed && deploy.code == "app_unhealthy" && deploy.attempts == 1)
            #expect(try await store.unfinished().isEmpty)
        }
    }

    @Test func `a name belongs to the repository that asked first`() async throws {
        try await withStore { store in
            let slug = try #require(Slug("shop"))
            #expect(try await store.claim(slug, for: "https://x/shop") == "https://x/shop")
            #expect(try await store.claim(slug, for: "https://x/thief") == "https://x/shop")
            #expect(try await store.claim(slug, for: "https://x/shop") == "https://x/shop")
        }
    }

    @Test func `a deploy reserves one release however often it asks`() async throws {
        try await withStore { store in
            let slug = try #require(Slug("shop"))
            _ = try await store.claim(slug, for: "https://x/shop")
            let one = try await receive(store, "d1").deploy.id
            let two = try await receive(store, "d2").deploy.id
            #expect(try await store.reserveRelease(for: one, slug: slug) == 1)
            #expect(try await store.reserveRelease(for: one, slug: slug) == 1)
            #expect(try await store.reserveRelease(for: two, slug: slug) == 2)
            #expect(try await store.reserveRelease(for: one, slug: slug) == 1)
        }
    }

    @Test func `everything is there after a restart`() async throws {
        let folder = Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let deploy = try await receive(try HookStore(folder: folder), "d1").deploy
        let again = try HookStore(folder: folder)
        #expect(try await again.deploy(deploy.id) == deploy)
        #expect(try await receive(again, "d1").isDuplicate)
    }
}
