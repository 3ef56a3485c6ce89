import FlockCore
import Foundation
import Marathon
import Testing

@testable import FlockHook

@Suite struct ReleaseStoreTests {
    private let slug = Slug("shop")!
    private let commit = String(repeating: "c", count: 40)

    private func withStore(_ body: (HookStore, Int64) async throws -> Void) async throws {
        let folder = Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try HookStore(folder: folder)
        _ = try await store.claim(slug, for: "https://x/shop")
        var repository = Fixtures.repository(["main": .production])
        repository.address = RepositoryAddress("https://x/shop")
        let change = try RefChange(name: "refs/heads/main", before: nil, after: commit)
        let receipt = try await store.receive(
            Delivery(forge: .github, id: "d", repository: repository, changes: [change]), at: Date())
        let deploy = try #require(receipt.deploys.first).id
        try await body(store, deploy)
    }

    private func release(_ deploy: Int64) -> Release {
        Release(slug: "shop", number: 0, appID: "/shop-1.0.0", deploy: deploy, cause: .rollback, source: 1, at: Date())
    }

    @Test func `a release is told once visitors were sent there`() async throws {
        try await withStore { store, deploy in
            #expect(try await store.beginRelease(release(deploy), of: slug) == 1)
            #expect(try await store.beginRelease(release(deploy), of: slug) == 2)
            #expect(try await store.releases(of: slug).isEmpty)
            try await store.setLive(2, of: slug)
            let told = try await store.releases(of: slug)
            #expect(told.map(\.number) == [2])
            #expect(told[0].cause == .rollback && told[0].source == 1 && told[0].commit == commit)
            #expect(told[0].branch == "main")
        }
    }

    @Test func `a rollback is pending until visitors are sent there, or until it has failed`() async throws {
        try await withStore { store, deploy in
            var (good, bad) = (release(deploy), release(deploy))
            good.number = try await store.beginRelease(good, of: slug)
            bad.number = try await store.beginRelease(bad, of: slug)
            #expect(try await store.allReleases(of: slug).map(\.standing) == [.pending, .pending])
            #expect(try await store.unfinishedReleases().map(\.number) == [2, 1])

            try await store.setLive(good.number, of: slug)
            try await store.endRelease(bad, code: "app_failing", "it ends again and again")
            // What is live does not fail any more.
            try await store.endRelease(good, code: "superseded", "too late")
            let all = try await store.allReleases(of: slug)
            #expect(all.map(\.wasLive) == [false, true] && all.map(\.code) == ["app_failing", nil])
            #expect(all[0].standing == .failed && all[0].failure == "it ends again and again")
            #expect(try await store.unfinishedReleases().isEmpty)
            #expect(try await store.releases(of: slug).map(\.number) == [1])
        }
    }

    @Test func `a deploy's release is no rollback that goes on by itself`() async throws {
        try await withStore { store, deploy in
            try await store.recordRelease(1, slug: slug, appID: "/shop-1.0.0", deploy: deploy)
            #expect(try await store.unfinishedReleases().isEmpty)
            #expect(try await store.allReleases(of: slug).isEmpty)
        }
    }

    @Test func `what was there before a release is what its first attempt found`() async throws {
        try await withStore { store, deploy in
            var (first, second) = (release(deploy), release(deploy))
            first.number = try await store.beginRelease(first, of: slug)
            second.number = try await store.beginRelease(second, of: slug)
            let (before, own) = (AppDefinition(id: "/before"), AppDefinition(id: "/own"))
            #expect(try await store.keepFormer(before, of: first) == before)
            #expect(try await store.keepFormer(own, of: first) == before)
            #expect(try await store.keepFormer(nil, of: second) == nil)
            #expect(try await store.keepFormer(own, of: second) == nil)
        }
    }

    @Test func `a name that nobody has gets no release`() async throws {
        try await withStore { store, deploy in
            await #expect(throws: (any Error).self) {
                _ = try await store.beginRelease(release(deploy), of: try #require(Slug("other")))
            }
        }
    }

    @Test func `what a deploy was made of is kept whole`() async throws {
        try await withStore { store, deploy in
            #expect(try await store.build(of: deploy) == nil)
            var definition = AppDefinition(id: "/shop-1.0.0")
            definition.env = ["A": "ü\n"]
            definition.healthChecks = []
            let build = HookStore.Build(artifact: "shop-c.tar", definition: definition)
            try await store.keep(build, of: deploy)
            #expect(try await store.build(of: deploy) == build)
        }
    }

    @Test func `what was there before is what the first attempt found`() async throws {
        try await withStore { store, deploy in
            var before = AppDefinition(id: "/shop-1.0.0")
            before.cmd = "old"
            let first = try await store.keepFormer(before, of: deploy)
            let own = try await store.keepFormer(AppDefinition(id: "/own"), of: deploy)
            let none = try await store.keepFormer(nil, of: deploy)
            #expect([first, own, none] == [before, before, before])
        }
    }

    @Test func `nothing was there before, and stays so`() async throws {
        try await withStore { store, deploy in
            let first = try await store.keepFormer(nil, of: deploy)
            let own = try await store.keepFormer(AppDefinition(id: "/shop-1.0.0"), of: deploy)
            #expect(first == nil && own == nil)
        }
    }
}
