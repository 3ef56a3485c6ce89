import FlockCore
import FlockTesting
import Foundation
import Logging
import Synchronization
import Testing

@testable import FlockHook

/// Looking at the ends of branches of a real repository.
@Suite struct BranchWatchTests {
    /// Fails as often as it is told to, then takes note.
    private final class Observer: TargetObserver {
        let told = Mutex<(changes: [TargetChange], failures: Int)>(([], 1))

        func changed(_ change: TargetChange) async throws {
            let fails = told.withLock { told in
                told.changes.append(change)
                told.failures -= 1
                return told.failures >= 0
            }
            if fails { throw CancellationError() }
        }
    }

    private struct Site {
        let folder: TemporaryFolder
        let store: HookStore
        let watch: BranchWatch
        let observer = Observer()
        var repository: KnownRepository

        init() async throws {
            folder = try TemporaryFolder()
            let path = "\(folder.path)/shop.git"
            store = try HookStore(folder: "\(folder.path)/hook")
            watch = BranchWatch(
                store: store, source: CodeSource(state: StateFolder(folder.path)), observer: observer,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            repository = KnownRepository(
                address: RepositoryAddress(path), source: .local(path: path), secretFiles: [],
                branches: ["main": .production, "x/*": .preview])
            try await git("init", "-q", "--bare", "-b", "main", path)
        }

        @discardableResult
        func git(_ arguments: String...) async throws -> String {
            let ran = try await run("git", arguments, in: folder.path)
            try #require(ran.isSuccess, "\(arguments): \(ran.output)")
            return ran.output.trimmingCharacters(in: .whitespacesAndNewlines)
        }

        /// - Returns: the commit that the branch leads to now.
        func move(_ branch: String, _ message: String) async throws -> String {
            let tree = try await git("-C", repository.key, "hash-object", "-t", "tree", "-w", "/dev/null")
            let commit = try await git("-C", repository.key, "commit-tree", tree, "-m", message)
            try await git("-C", repository.key, "update-ref", "refs/heads/\(branch)", commit)
            return commit
        }

        func delete(_ branch: String) async throws {
            try await git("-C", repository.key, "update-ref", "-d", "refs/heads/\(branch)")
        }
    }

    @Test func `what nobody told of is found once, on mapped branches only`() async throws {
        let site = try await Site()
        #expect(try await site.watch.look(at: site.repository).isEmpty)
        let main = try await site.move("main", "one")
        let preview = try await site.move("x/y", "two")
        _ = try await site.move("other", "three")
        let found = try await site.watch.look(at: site.repository)
        #expect(found.map(\.commit) == [main, preview] && found.map(\.environment) == ["production", "preview"])
        #expect(try await site.watch.look(at: site.repository).isEmpty)
        for deploy in found { try await site.store.finish(deploy.id, .live, reason: "live") }
        #expect(try await site.watch.look(at: site.repository).isEmpty)
        let next = try await site.move("main", "four")
        #expect(try await site.watch.look(at: site.repository).map(\.commit) == [next])
    }

    @Test func `a branch that goes is told of until somebody has tidied up, and may come back`() async throws {
        let site = try await Site()
        _ = try await site.move("x/y", "one")
        let deploy = try #require(try await site.watch.look(at: site.repository).first)
        try await site.store.finish(deploy.id, .live, reason: "live")
        try await site.delete("x/y")
        let change = TargetChange.deleted(repository: site.repository.key, branch: "x/y")
        _ = try await site.watch.look(at: site.repository)
        #expect(site.observer.told.withLock(\.changes) == [change])
        #expect(try await site.store.targets().count == 1)
        _ = try await site.watch.look(at: site.repository)
        #expect(site.observer.told.withLock(\.changes) == [change, change])
        #expect(try await site.store.targets().isEmpty)
        _ = try await site.watch.look(at: site.repository)
        #expect(site.observer.told.withLock(\.changes).count == 2)

        let commit = deploy.commit
        try await site.git("-C", site.repository.key, "update-ref", "refs/heads/x/y", commit)
        let again = try #require(try await site.watch.look(at: site.repository).first)
        #expect(try await site.store.resolve(again.id, tip: commit), "what it served is gone")
    }

    @Test func `a deletion that comes late does not end a branch that is there again`() async throws {
        let site = try await Site()
        let commit = try await site.move("x/y", "one")
        let deploy = try #require(try await site.watch.look(at: site.repository).first)
        try await site.store.finish(deploy.id, .live, reason: "live")
        let deletion = try RefChange(name: "refs/heads/x/y", before: commit, after: nil)
        let late = Delivery(forge: .github, id: "late", repository: site.repository, changes: [deletion])
        _ = try await site.store.receive([([late], at: Date())])
        _ = try await site.watch.look(at: site.repository)
        #expect(site.observer.told.withLock(\.changes).isEmpty)
        #expect(try await site.watch.look(at: site.repository).isEmpty)
    }

    @Test func `a repository that does not answer is an error, and no branch of it is gone`() async throws {
        let site = try await Site()
        _ = try await site.move("main", "one")
        _ = try await site.watch.look(at: site.repository)
        try FileManager.default.moveItem(atPath: site.repository.key, toPath: "\(site.folder.path)/away")
        await #expect(throws: DeployFailure.self) { _ = try await site.watch.look(at: site.repository) }
        #expect(site.observer.told.withLock(\.changes).isEmpty)
    }
}
