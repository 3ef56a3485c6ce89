import FlockCore
import Foundation
import Testing

@testable import FlockHook

/// What the store knows of the ends of branches.
@Suite struct TargetStoreTests: HookStoreExamples {
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

    @Test func `an abbreviated commit is the one that it abbreviates`() async throws {
        try await withStore { store in
            var repository = Fixtures.repository([:])
            repository.pullRequests = true
            func receive(_ id: String) async throws -> DeployRecord {
                let pull = PullRequest(
                    event: .open, number: 7, name: "pull request 7", branch: "x",
                    commit: String(commit("one").prefix(12)),
                    isFork: false)
                let delivery = try Delivery(forge: .bitbucket, id: id, repository: repository, pullRequest: pull)
                return try #require(try await store.receive(delivery, at: now).deploys.first)
            }
            let first = try await receive("d1")
            try await store.begin(first.id, "looking")
            #expect(try await store.resolve(first.id, tip: commit("one")))
            #expect(try await store.deploy(first.id)?.commit == commit("one"))
            #expect(try await store.events(of: first.id, after: 0).map(\.text) == ["received", "looking"])
            try await store.finish(first.id, .live, reason: "live")

            let again = try await receive("d2")
            try await store.begin(again.id, "looking")
            #expect(try await store.resolve(again.id, tip: commit("one")) == false)
            let reason = try await store.deploy(again.id)?.reason
            #expect(reason == "\(commit("one").prefix(7)) is deployed already, by deploy \(first.id)")
        }
    }

    @Test func `a pull request whose end nobody told of keeps no preview once its branch was gone`() async throws {
        try await withStore { store in
            var repository = Fixtures.repository([:])
            repository.pullRequests = true
            func receive(_ event: PullRequest.Event, _ number: Int64) async throws -> DeployRecord? {
                let pull = PullRequest(
                    event: event, number: number, name: "pull request \(number)", branch: "x", commit: commit("one"),
                    isFork: false)
                let delivery = try Delivery(
                    forge: .github, id: "\(event) \(number)", repository: repository, pullRequest: pull)
                return try await store.receive(delivery, at: now).deploys.first
            }
            let first = try #require(try await receive(.open, 3))
            try await store.finish(first.id, .live, reason: "live")
            let branch = try #require(try await store.targets().first)
            #expect(try await store.lost(branch))
            try await store.forget(branch)
            let second = try #require(try await receive(.open, 4))
            try await store.finish(second.id, .live, reason: "live")
            #expect(try await receive(.closed, 4)?.code == "pull_request_closed")
            #expect(try await store.targets().first?.isGone == true)
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
            try await store.finish(again.id, .live, reason: "live")
            let other = try #require(try await self.found(store, "two", in: repository))
            try await store.finish(other.id, .failed, code: "interrupted", reason: "no")
            let retried = try await receive(store, "d3", repository: repository.key, after: commit("two"))
            #expect(retried.id != other.id, "what failed is tried again")
        }
    }

    private func found(_ store: HookStore, _ name: String, in repository: KnownRepository) async throws -> DeployRecord?
    {
        try await store.found(commit(name), on: "main", in: repository, cause: "found", at: now)
    }

    @Test func `a branch that is gone is remembered until somebody has tidied up, or it is back`() async throws {
        try await withStore { store in
            let repository = Fixtures.repository(["main": .production])
            let first = try await receive(store, "d1", repository: repository.key)
            let target = try #require(try await store.targets().first)
            try await store.forget(target)
            #expect(try await store.targets() == [target], "it is not gone")
            #expect(try await !store.lost(target), "a push to it is worked on")
            try await store.finish(first.id, .live, reason: "live")
            #expect(try await store.lost(target))
            let second = try await receive(store, "d2", repository: repository.key)
            try await store.forget(target)
            #expect(try await store.targets().count == 1, "it is back")
            try await store.finish(second.id, .live, reason: "live")
            try await store.lost(target)
            try await store.forget(target)
            #expect(try await store.targets().isEmpty)
        }
    }
}
