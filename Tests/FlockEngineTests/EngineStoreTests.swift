import Foundation
import Testing

@testable import FlockEngine

@Suite struct EngineStoreTests {
    @Test func `what was written is read again, and what is gone is not`() async throws {
        let folder = EngineExamples.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var scheduler = Scheduler(ports: 31000...31009, host: "127.0.0.1")
        _ = try scheduler.put(
            EngineExamples.definition(2, checked: true), to: "/a", force: false, at: EngineExamples.moment(0))
        try await EngineStore(folder: folder).commit(scheduler.takeChanges(), of: scheduler)
        let contents = try await EngineStore(folder: folder).load()
        #expect(contents.apps == Array(scheduler.apps.values))
        #expect(Set(contents.tasks) == Set(scheduler.tasks.values))
        #expect(contents.deployments == Array(scheduler.deployments.values))

        for task in scheduler.tasks.keys { scheduler.ended(task, .exited(0), at: EngineExamples.moment(1)) }
        try await EngineStore(folder: folder).commit(scheduler.takeChanges(), of: scheduler)
        #expect(try await EngineStore(folder: folder).load().tasks.isEmpty)
    }
}
