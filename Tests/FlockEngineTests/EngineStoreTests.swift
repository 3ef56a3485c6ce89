import FlockTesting
import Foundation
import GRDB
import Marathon
import Testing

@testable import FlockEngine

@Suite struct EngineStoreTests {
    @Test func `what is committed outlives a power cut`() async throws {
        let folder = EngineExamples.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let mode = try await EngineStore(folder: folder).database
            .writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
        // FULL
        #expect(mode == 2)
    }

    @Test func `what was written is read again, and what is gone is not`() async throws {
        let folder = EngineExamples.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var scheduler = Scheduler.offered()
        try scheduler.put(EngineExamples.definition(2, checked: true), to: "/a", at: EngineExamples.moment(0))
        try await EngineStore(folder: folder).commit(scheduler.takeChanges(), of: scheduler)
        let contents = try await EngineStore(folder: folder).load()
        #expect(contents.apps == Array(scheduler.apps.values))
        #expect(contents.groups == Array(scheduler.groups.values))
        #expect(Set(contents.tasks) == Set(scheduler.tasks.values))
        #expect(contents.deployments == Array(scheduler.deployments.values))

        for task in scheduler.tasks.keys { scheduler.report(task, .finished, at: EngineExamples.moment(1)) }
        try await EngineStore(folder: folder).commit(scheduler.takeChanges(), of: scheduler)
        #expect(try await EngineStore(folder: folder).load().tasks.isEmpty)
    }

    @Test func `former versions are kept, and a group's version is that of all that is in it`() async throws {
        let folder = EngineExamples.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try EngineStore(folder: folder)
        var scheduler = Scheduler.offered()
        var versions: [String] = []
        for second in 0..<(EngineStore.keptVersions + 5) {
            versions.append(
                try scheduler.put(
                    EngineExamples.definition(0, cmd: "sleep \(second)"), to: "/g/a",
                    at: EngineExamples.moment(Double(second))
                ).version)
            try await store.commit(scheduler.takeChanges(), of: scheduler)
        }
        #expect(try await store.versions(of: "/g/a") == versions.suffix(EngineStore.keptVersions).reversed())
        guard case .app(let definition) = try await store.content(of: "/g/a", version: versions[20]) else {
            Issue.record("the version is gone")
            return
        }
        #expect(definition.cmd == "sleep 20")
        #expect(try await store.versions(below: "/g").first == versions.last)
        let before = try scheduler.delete("/g/a", force: true, at: EngineExamples.moment(100)).version
        try await store.commit(scheduler.takeChanges(), of: scheduler)
        let entries = try await store.entries(below: "/g", at: versions[30])
        #expect(entries.map(\.id) == ["/g", "/g/a"] && entries.last?.version == versions[30])
        #expect(try await store.entries(below: "/g", at: before).last?.content == .gone)
    }

    @Test(.enabled(if: geteuid() == 0))
    func `a full disk is said, and what was stored before stays`() async throws {
        let folder = EngineExamples.temporaryFolder()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        guard try await run("mount", ["-t", "tmpfs", "-o", "size=1m", "flock-test", folder]).isSuccess else {
            return  // A container that may not mount.
        }
        var scheduler = Scheduler.offered()
        do {
            let store = try EngineStore(folder: folder)
            try scheduler.put(EngineExamples.definition(), to: "/a", at: EngineExamples.moment(0))
            try await store.commit(scheduler.takeChanges(), of: scheduler)
            _ = FileManager.default.createFile(atPath: "\(folder)/large", contents: nil)
            let file = try #require(FileHandle(forWritingAtPath: "\(folder)/large"))
            while (try? file.write(contentsOf: Data(repeating: 1, count: 4096))) != nil {}
            var next = scheduler
            var large = EngineExamples.definition(cmd: "sleep 1")
            large.env = ["A": String(repeating: "x", count: 100_000)]
            try next.put(large, to: "/b", at: EngineExamples.moment(1))
            let changes = next.takeChanges()
            await #expect(throws: (any Error).self) { try await store.commit(changes, of: next) }
            #expect(try await store.load().apps.map(\.id) == ["/a"])
            try file.truncate(atOffset: 0)
            try await store.commit(changes, of: next)
            #expect(try await store.load().apps.count == 2)
        }
        #expect(try await run("umount", ["-l", folder]).isSuccess)
        try? FileManager.default.removeItem(atPath: folder)
    }
}
