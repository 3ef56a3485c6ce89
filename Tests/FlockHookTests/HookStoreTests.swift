import FlockCore
import Foundation
import GRDB
import Testing

@testable import FlockHook

@Suite struct HookStoreTests: HookStoreExamples {
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
            let receipt = try await store.receive(try delivery("d1"), at: now)
            let deploy = try #require(receipt.deploys.first)
            #expect(!receipt.isDuplicate && receipt.deploys.count == 1)
            #expect(deploy.state == .queued && deploy.environment == "production")
            #expect(deploy.commit == commit("d1") && deploy.branch == "main")
            #expect(try await store.unfinished() == [deploy])
            #expect(try await store.events(of: deploy.id, after: 0).map(\.text) == ["received"])
        }
    }

    @Test func `the same delivery again is the same deploy`() async throws {
        try await withStore { store in
            let first = try await store.receive(try delivery("d1"), at: now)
            let second = try await store.receive(try delivery("d1"), at: now)
            #expect(second.isDuplicate && second.deploys == first.deploys)
            #expect(try await store.deploys(limit: 10).count == 1)
        }
    }

    @Test func `of deliveries that are stored together, one that cannot be leaves the others alone`() async throws {
        try await withStore { store in
            try await store.database.write { db in
                try db.execute(
                    sql: """
                        CREATE TRIGGER full BEFORE INSERT ON deploy WHEN NEW.repository = 'https://x/full'
                        BEGIN SELECT RAISE(ABORT, 'full'); END
                        """)
            }
            let deliveries = try ["shop", "full", "blog"].map { name in
                ([try delivery("d", repository: "https://x/\(name)")], at: now)
            }
            let receipts = try await store.receive(deliveries)
            #expect(receipts.map { (try? $0.get()) != nil } == [true, false, true])
            let kept = try await store.database.read { try String.fetchAll($0, sql: "SELECT repository FROM delivery") }
            #expect(kept.sorted() == ["https://x/blog", "https://x/shop"])
        }
    }

    @Test func `the same delivery many times at once is one deploy`() async throws {
        try await withStore { store in
            let delivery = try delivery("d1")
            let receipts = try await withThrowingTaskGroup(of: HookStore.Receipt.self) { group in
                let inbox = DeliveryInbox(store: store)
                for _ in 0..<50 { group.addTask { [now] in try await inbox.receive([delivery], at: now)[0] } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(receipts.count { !$0.isDuplicate } == 1)
            #expect(Set(receipts.flatMap { $0.deploys.map(\.id) }).count == 1)
        }
    }

    @Test func `the newest push supersedes the one that waits`() async throws {
        try await withStore { store in
            let old = try await receive(store, "d1")
            let otherBranch = try await receive(store, "d2", ref: "refs/heads/x")
            let otherRepository = try await receive(store, "d3", repository: "https://x/blog")
            let new = try await receive(store, "d4")
            let superseded = try #require(try await store.deploy(old.id))
            #expect(superseded.summary == "superseded: deploy \(new.id) is newer" && superseded.code == "superseded")
            #expect(try await store.unfinished().map(\.id) == [otherBranch.id, otherRepository.id, new.id])
        }
    }

    @Test func `a deploy under way is not superseded`() async throws {
        try await withStore { store in
            let old = try await receive(store, "d1")
            try await store.begin(old.id, "looking")
            _ = try await receive(store, "d2")
            #expect(try await store.deploy(old.id)?.state == .resolving)
        }
    }

    @Test func `a branch's deletion supersedes what waits, and anything else that leads to nothing does not`()
        async throws
    {
        try await withStore { store in
            let queued = try await receive(store, "d1")
            let tag = try await receive(store, "d2", ref: "refs/tags/main")
            #expect(tag.state == .ignored && tag.code == "not_a_branch" && tag.endedAt == now)
            #expect(try await store.unfinished().map(\.id) == [queued.id])
            let deletion = try #require(
                try await store.receive(try delivery("d3", isDeletion: true), at: now).deploys.first)
            #expect(deletion.code == "branch_deleted")
            #expect(try await store.deploy(queued.id)?.summary == "superseded: branch main was deleted")
        }
    }

    @Test func `a deploy's story is told in order and from anywhere`() async throws {
        try await withStore { store in
            let id = try await receive(store, "d1").id
            try await store.begin(id, "one", at: now)
            try await store.finish(id, .failed, code: "app_unhealthy", reason: "two", at: now)
            #expect(try await store.events(of: id, after: 0).map(\.sequence) == [1, 2, 3])
            #expect(try await store.events(of: id, after: 1).map(\.text) == ["one", "two"])
            let deploy = try #require(try await store.deploy(id))
            #expect(deploy.state == .failed && deploy.code == "app_unhealthy" && deploy.attempts == 1)
            #expect(try await store.unfinished().isEmpty)
        }
    }

    @Test func `deploys are listed by app and by state`() async throws {
        try await withStore { store in
            let slug = try #require(Slug("shop"))
            let one = try await receive(store, "d1")
            try await store.note(one.id, commit: one.commit, appID: "/shop-1", slug: slug, version: "1", url: "u")
            try await store.finish(one.id, .live, reason: "live")
            let two = try await receive(store, "d2", repository: "https://x/blog")
            #expect(try await store.deploys(limit: 9, slug: "shop").map(\.id) == [one.id])
            #expect(try await store.deploys(limit: 9, state: .queued).map(\.id) == [two.id])
            #expect(try await store.deploys(limit: 9, slug: "shop", state: .queued).isEmpty)
        }
    }

    @Test func `a deploy without a name is listed with the app that its branch was last deployed as`() async throws {
        try await withStore { store in
            func deploy(_ id: String, _ ref: String, as name: String) async throws -> Int64 {
                let deploy = try await receive(store, id, ref: "refs/heads/\(ref)")
                try await store.note(
                    deploy.id, commit: deploy.commit, appID: "/\(name)-1", slug: try #require(Slug(name)), version: "1",
                    url: "u")
                try await store.finish(deploy.id, .live, reason: "live")
                return deploy.id
            }
            let former = try await deploy("d1", "main", as: "store")
            let latest = try await deploy("d2", "main", as: "shop")
            let preview = try await deploy("d3", "x", as: "other")
            let waiting = try await receive(store, "d4").id
            _ = try await receive(store, "d5", repository: "https://x/blog")
            #expect(try await store.deploys(limit: 9, slug: "shop").map(\.id) == [waiting, latest])
            #expect(try await store.deploys(limit: 9, slug: "shop", state: .queued).map(\.id) == [waiting])
            #expect(try await store.deploys(limit: 9, slug: "store").map(\.id) == [former])
            #expect(try await store.deploys(limit: 9, slug: "other").map(\.id) == [preview])
        }
    }

    @Test func `a deploy reserves one release however often it asks`() async throws {
        try await withStore { store in
            let slug = try #require(Slug("shop"))
            _ = try await store.claim(slug, for: "https://x/shop")
            let one = try await receive(store, "d1").id
            let two = try await receive(store, "d2").id
            #expect(try await store.reserveRelease(for: one, slug: slug) == 1)
            #expect(try await store.reserveRelease(for: one, slug: slug) == 1)
            #expect(try await store.reserveRelease(for: two, slug: slug) == 2)
            #expect(try await store.reserveRelease(for: one, slug: slug) == 1)
        }
    }

    @Test func `everything is there after a restart`() async throws {
        let folder = Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let deploy = try await receive(try HookStore(folder: folder), "d1")
        let again = try HookStore(folder: folder)
        #expect(try await again.deploy(deploy.id) == deploy)
        #expect(try await again.receive(try delivery("d1"), at: now).isDuplicate)
    }
}
