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

    private func delivery(
        _ id: String, ref: String = "refs/heads/main", repository: String = "https://x/shop", after: String? = nil,
        isDeletion: Bool = false
    ) throws -> Delivery {
        var known = Fixtures.repository(["main": .production, "x": .preview])
        known.key = repository
        let change = try RefChange(name: ref, before: nil, after: isDeletion ? nil : after ?? commit(id))
        return Delivery(forge: .github, id: id, repository: known, changes: [change])
    }

    /// A commit for each name.
    private func commit(_ name: String) -> String {
        String((name.utf8.map { String($0, radix: 16) }.joined() + String(repeating: "f", count: 40)).prefix(40))
    }

    private func receive(
        _ store: HookStore, _ id: String, ref: String = "refs/heads/main", repository: String = "https://x/shop",
        after: String? = nil
    ) async throws -> DeployRecord {
        let delivery = try delivery(id, ref: ref, repository: repository, after: after)
        return try #require(try await store.receiveOne(delivery, at: now).deploys.first)
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
            let receipt = try await store.receiveOne(try delivery("d1"), at: now)
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
            let first = try await store.receiveOne(try delivery("d1"), at: now)
            let second = try await store.receiveOne(try delivery("d1"), at: now)
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
                (try delivery("d", repository: "https://x/\(name)"), at: now)
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
                for _ in 0..<50 { group.addTask { [now] in try await inbox.receive(delivery, at: now) } }
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
                try await store.receiveOne(try delivery("d3", isDeletion: true), at: now).deploys.first)
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
        #expect(try await again.receiveOne(try delivery("d1"), at: now).isDuplicate)
    }

    // MARK: What the end of a branch is

    @Test func `an old push that is delivered again deploys nothing: the end of the branch is live`() async throws {
        try await withStore { store in
            let new = try await receive(store, "new")
            try await store.begin(new.id, "looking")
            #expect(try await store.resolve(new.id, tip: commit("new")))
            try await store.finish(new.id, .live, reason: "live")

            let old = try await receive(store, "old")
            try await store.begin(old.id, "looking")
            #expect(try await store.resolve(old.id, tip: commit("new")) == false)
            let ended = try #require(try await store.deploy(old.id))
            #expect(ended.state == .superseded && ended.code == "already_deployed")
            #expect(
                ended.reason == "\(commit("old").prefix(7)) was pushed, but the branch has moved on to "
                    + "\(commit("new").prefix(7)), which deploy \(new.id) deployed")
        }
    }

    @Test func `a push that is overtaken deploys the end of the branch`() async throws {
        try await withStore { store in
            let deploy = try await receive(store, "one")
            try await store.begin(deploy.id, "looking")
            #expect(try await store.resolve(deploy.id, tip: commit("two")))
            #expect(try await store.deploy(deploy.id)?.commit == commit("two"))
        }
    }

    @Test func `a commit that failed is tried again when it is pushed, and not when it is only found`() async throws {
        try await withStore { store in
            let repository = Fixtures.repository(["main": .production])
            let deploy = try await receive(store, "one", repository: repository.key)
            try await store.begin(deploy.id, "looking")
            #expect(try await store.resolve(deploy.id, tip: commit("one")))
            try await store.finish(deploy.id, .failed, code: "app_unhealthy", reason: "no")
            #expect(try await found(store, "one", in: repository) == nil)
            let again = try await receive(store, "two", repository: repository.key, after: commit("one"))
            try await store.begin(again.id, "looking")
            #expect(try await store.resolve(again.id, tip: commit("one")))
        }
    }

    @Test func `what is found at the end of a branch is deployed once`() async throws {
        try await withStore { store in
            let repository = Fixtures.repository(["main": .production])
            let first = try #require(try await found(store, "one", in: repository))
            #expect(try await store.events(of: first.id, after: 0).map(\.text) == ["found"])
            #expect(try await found(store, "two", in: repository) == nil, "one waits, and will find it")
            try await store.finish(first.id, .failed, code: "x", reason: "no")
            #expect(try await found(store, "one", in: repository) == nil)
            #expect(try await found(store, "two", in: repository)?.state == .queued)
            let other = Fixtures.repository([:])
            #expect(try await found(store, "three", in: other) == nil, "the branch is not mapped")
        }
    }

    @Test func `the word of a push that was found already is about the same deploy`() async throws {
        try await withStore { store in
            let repository = Fixtures.repository(["main": .production])
            let found = try #require(try await found(store, "one", in: repository))
            let told = try await receive(store, "d1", repository: repository.key, after: commit("one"))
            #expect(told.id == found.id)
            let again = try await receive(store, "d2", repository: repository.key, after: commit("one"))
            #expect(again.id != found.id, "a second push of it asks for a second look")
        }
    }

    private func found(_ store: HookStore, _ name: String, in repository: KnownRepository) async throws -> DeployRecord?
    {
        try await store.found(commit(name), on: "main", in: repository, cause: "found", at: now)
    }

    @Test func `a branch that is gone is remembered until somebody has tidied up, or it is back`() async throws {
        try await withStore { store in
            let repository = Fixtures.repository(["main": .production])
            _ = try await receive(store, "d1", repository: repository.key)
            let target = try #require(try await store.targets().first)
            try await store.forget(target)
            #expect(try await store.targets() == [target], "it is not gone")
            try await store.lost(target)
            _ = try await receive(store, "d2", repository: repository.key)
            try await store.forget(target)
            #expect(try await store.targets().count == 1, "it is back")
            try await store.lost(target)
            try await store.forget(target)
            #expect(try await store.targets().isEmpty)
        }
    }

    // MARK: Ends and restarts

    @Test func `a deploy is cancelled until Marathon has it, and not moved on afterwards`() async throws {
        try await withStore { store in
            for state in DeployRecord.State.allCases {
                let deploy = try await receive(store, "\(state)", repository: "https://x/\(state)")
                if state.isFinal {
                    try await store.finish(deploy.id, state, reason: "ended")
                } else if state != .queued {
                    try await store.advance(deploy.id, to: state, "on its way")
                }
                _ = try await store.cancel(deploy.id)
                let after = try await store.deploy(deploy.id)?.state
                let isCancelled = [.queued, .resolving, .fetching, .checking, .building, .cancelled].contains(state)
                #expect(after == (isCancelled ? .cancelled : state))
                if after?.isFinal == true {
                    await #expect(throws: DeployEnded.self) {
                        try await store.advance(deploy.id, to: .submitting, "too late")
                    }
                    try await store.finish(deploy.id, .live, reason: "too late")
                    #expect(try await store.deploy(deploy.id)?.state == after)
                }
            }
            #expect(try await store.cancel(999) == nil)
        }
    }

    @Test func `after a restart, what was prepared begins again three times, and what was submitted stays`()
        async throws
    {
        try await withStore { store in
            let prepared = try await receive(store, "d1")
            let submitted = try await receive(store, "d2", repository: "https://x/blog")
            try await store.advance(submitted.id, to: .verifying, "waiting")
            for attempt in 1...3 {
                try await store.begin(prepared.id, "looking")
                try await store.advance(prepared.id, to: .building, "packing")
                try await store.recover(at: now)
                let state = try await store.deploy(prepared.id)?.state
                #expect(state == (attempt < 3 ? .queued : .failed))
            }
            let ended = try #require(try await store.deploy(prepared.id))
            #expect(ended.code == "interrupted" && ended.attempts == 3)
            #expect(try await store.deploy(submitted.id)?.state == .verifying)
        }
    }

    @Test func `after a restart, what was prepared gives way to a newer push`() async throws {
        try await withStore { store in
            let old = try await receive(store, "d1")
            try await store.begin(old.id, "looking")
            let new = try await receive(store, "d2")
            try await store.recover(at: now)
            #expect(try await store.deploy(old.id)?.summary == "superseded: deploy \(new.id) is newer")
            #expect(try await store.unfinished().map(\.id) == [new.id])
        }
    }
}

extension HookStore {
    func receiveOne(_ delivery: Delivery, at date: Date) async throws -> Receipt {
        try await DeliveryInbox(store: self).receive(delivery, at: date)
    }
}
