import FlockCore
import Foundation
import Testing

@testable import FlockHook

/// What the store lets go.
@Suite struct HistoryTests: HookStoreExamples {
    private var later: Date { now.addingTimeInterval(3600) }

    private func ended(
        _ store: HookStore, _ id: String, ref: String = "refs/heads/main", _ state: DeployRecord.State = .failed
    ) async throws -> Int64 {
        let deploy = try await receive(store, id, ref: ref)
        if !deploy.state.isFinal { try await store.finish(deploy.id, state, reason: "over", at: now) }
        return deploy.id
    }

    private func forget(
        _ store: HookStore, before moment: Date? = nil, except needed: Set<Int64> = [], newest: Int = 0,
        limit: Int = 200
    ) async throws -> Set<Int64> {
        try await store.forget(before: moment ?? later, except: needed, newest: newest, limit: limit)
        return Set(try await store.deploys(limit: 100).map(\.id))
    }

    @Test func `what is old goes with its story, its release and its delivery`() async throws {
        try await withStore { store in
            let slug = try #require(Slug("shop"))
            _ = try await store.claim(slug, for: "https://x/shop")
            let old = try await ended(store, "old")
            try await store.keepTold(.init(phase: .failed, commit: commit("old")), to: .status, of: old)
            try await store.setTold(of: old)
            try await store.recordRelease(1, slug: slug, appID: "/shop-1.0.0", deploy: old)
            try await store.setLive(1, of: slug)
            let tag = try await ended(store, "tag", ref: "refs/tags/v1")
            #expect(try await forget(store, before: now).count == 2, "they are not old yet")
            #expect(try await forget(store).isEmpty)
            #expect(try await store.events(of: old, after: 0).isEmpty)
            #expect(try await store.releases(of: slug).isEmpty)
            #expect(try await store.hasBeen(tag))
            #expect(try await !store.hasBeen(tag + 1))
            #expect(try await !store.hasBeen(0))
            // The delivery is as good as new, and numbers are not given twice.
            #expect(try await receive(store, "old").id == tag + 1)
        }
    }

    @Test func `what is under way, served, shown, needed or to be reported stays`() async throws {
        try await withStore { store in
            let served = try await ended(store, "served", .live)
            let failed = try await ended(store, "failed")
            let needed = try await ended(store, "needed")
            let reported = try await ended(store, "reported")
            try await store.keepTold(.init(phase: .pending, commit: commit("x")), to: .status, of: reported)
            let preview = try await receive(store, "preview", ref: "refs/heads/x").id
            try await store.note(
                preview, commit: commit("preview"), appID: "/preview/x/shop", slug: try #require(Slug("shop")),
                version: "1.0.0", url: "http://x--shop.test")
            try await store.finish(preview, .live, reason: "live", at: now)
            let queued = try await receive(store, "queued").id
            #expect(try await forget(store, except: [needed]) == [served, needed, reported, preview, queued])
            #expect(try await store.deploy(failed) == nil)

            try await store.forgetPreview("/preview/x/shop", of: "https://x/shop")
            let target = try #require(try await store.targets().first { $0.branch == "x" })
            try await store.lost(target)
            try await store.setTold(of: reported)
            #expect(try await forget(store) == [served, queued])
        }
    }

    @Test func `of each branch the newest stay; a tag is no branch`() async throws {
        try await withStore { store in
            var main: [Int64] = []
            for number in 1...5 { main.append(try await ended(store, "m\(number)")) }
            let other = try await ended(store, "o", ref: "refs/heads/x")
            _ = try await ended(store, "t", ref: "refs/tags/v1")
            #expect(try await forget(store, newest: 2, limit: 1) == Set(main.suffix(2) + [other]))
        }
    }

    @Test func `a delivery stays with its deploy, and is recognized`() async throws {
        try await withStore { store in
            let kept = try await ended(store, "kept", .live)
            _ = try await store.receive(
                Delivery(
                    forge: .github, id: "ping", repository: Fixtures.repository([:]), event: "ping",
                    reason: .pong(nil)), at: now)
            _ = try await forget(store)
            let again = try await store.receive(try delivery("kept"), at: later)
            #expect(again.isDuplicate && again.deploys.map(\.id) == [kept])
            let ping = Delivery(
                forge: .github, id: "ping", repository: Fixtures.repository([:]), event: "ping", reason: .pong(nil))
            #expect(try await !store.receive(ping, at: later).isDuplicate)
        }
    }

    @Test func `a pull request that was closed is remembered as long as its deliveries, by the clock of this machine`()
        async throws
    {
        try await withStore { store in
            var repository = Fixtures.repository([:])
            repository.pullRequests = true
            func receive(_ event: PullRequest.Event, at second: Double) async throws -> ReasonCode? {
                let pull = PullRequest(
                    event: event, number: 7, name: "pull request 7", branch: "x", commit: commit("one"), isFork: false,
                    updatedAt: Date(timeIntervalSince1970: second))
                let delivery = try Delivery(
                    forge: .github, id: UUID().uuidString, repository: repository, pullRequest: pull)
                return try await store.receive(delivery, at: now).reason?.code
            }
            #expect(try await receive(.closed, at: 2) == nil)
            _ = try await forget(store, before: now)
            #expect(try await receive(.open, at: 1) == .pullRequestClosed)
            _ = try await forget(store)
            #expect(try await receive(.open, at: 1) == nil)
        }
    }
}
