import FlockCore
import Foundation
import GRDB
import Testing

@testable import FlockHook

@Suite struct NameStoreTests: HookStoreExamples {
    private let slug = Slug("shop")!
    private var later: Date { now.addingTimeInterval(60) }

    @Test func `a name belongs to the repository that asked first`() async throws {
        try await withStore { store in
            let first = try await store.claim(slug, for: "https://x/shop", at: now)
            #expect(first == "https://x/shop")
            #expect(try await store.claim(slug, for: "https://x/thief", at: later) == "https://x/shop")
            #expect(try await store.claim(slug, for: "https://x/shop", at: later) == "https://x/shop")
            #expect(
                try await store.claims() == [NameClaim(name: "shop", repository: "https://x/shop", since: now)])
        }
    }

    @Test func `a name that is released belongs to the next one that asks, and its releases go on`() async throws {
        try await withStore { store in
            _ = try await store.claim(slug, for: "https://x/old", at: now)
            let one = try await receive(store, "d1", repository: "https://x/old")
            #expect(try await store.reserveRelease(for: one.id, slug: slug) == 1)
            #expect(try await store.releaseName(slug).repository == "https://x/old")
            #expect(try await store.claims().isEmpty)
            // What is tidied up under it stays known.
            #expect(try await store.slugs() == [slug])

            #expect(try await store.claim(slug, for: "https://x/new", at: later) == "https://x/new")
            #expect(try await store.claim(slug, for: "https://x/old", at: later) == "https://x/new")
            #expect(try await store.claims().map(\.since) == [later])
            let two = try await receive(store, "d2", repository: "https://x/new")
            #expect(try await store.reserveRelease(for: two.id, slug: slug) == 2)
        }
    }

    @Test func `a name that nobody has is not released`() async throws {
        try await withStore { store in
            for _ in 1...2 {
                let error = await #expect(throws: ReleaseRefusal.self) { try await store.releaseName(slug) }
                #expect(error?.code == .nameUnknown)
                _ = try await store.claim(slug, for: "https://x/shop")
                _ = try await store.releaseName(slug)
            }
        }
    }

    @Test func `a name is not released while a deploy of it is under way`() async throws {
        try await withStore { store in
            _ = try await store.claim(slug, for: "https://x/shop")
            let deploy = try await receive(store, "d1")
            try await store.note(deploy.id, commit: deploy.commit, appID: "/shop-1", slug: slug, version: "1", url: "u")
            let error = await #expect(throws: ReleaseRefusal.self) { try await store.releaseName(slug) }
            #expect(error?.code == .nameBusy && error?.message.contains("deploy \(deploy.id) of shop") == true)
            #expect(try await store.claims().count == 1)
            try await store.finish(deploy.id, .failed, reason: "over")
            #expect(try await store.releaseName(slug).name == "shop")
        }
    }

    @Test func `names of an older flock-hook keep their owners and numbers, since their first deploys`() async throws {
        let folder = Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let deploy = try await {
            let store = try HookStore(folder: folder)
            let deploy = try await receive(store, "d1")
            try await store.note(deploy.id, commit: deploy.commit, appID: "/shop-1", slug: slug, version: "1", url: "u")
            try await store.database.write { db in
                try db.execute(
                    sql: """
                        DROP TABLE name_claim;
                        CREATE TABLE name_claim (
                            slug TEXT PRIMARY KEY, repository TEXT NOT NULL, releases INTEGER NOT NULL DEFAULT 0);
                        INSERT INTO name_claim VALUES ('blog', 'https://x/blog', 0), ('shop', 'https://x/shop', 7);
                        DELETE FROM grdb_migrations WHERE identifier = 'names';
                        """)
            }
            try store.database.close()
            return deploy
        }()
        let store = try HookStore(folder: folder)
        #expect(
            try await store.claims() == [
                NameClaim(name: "blog", repository: "https://x/blog"),
                NameClaim(name: "shop", repository: "https://x/shop", since: now),
            ])
        #expect(try await store.reserveRelease(for: deploy.id, slug: slug) == 8)
    }
}
