import Foundation
import Testing

@testable import FlockHook

@Suite struct DeployQueueTests {
    private func deploy(
        _ id: Int64, _ repository: String, _ state: DeployRecord.State = .queued, branch: String = "main",
        environment: String = "production"
    ) -> DeployRecord {
        DeployRecord(
            id: id, repository: repository, ref: "refs/heads/\(branch)", commit: "", environment: environment,
            state: state, attempts: 0, createdAt: Date(timeIntervalSince1970: 0))
    }

    private func next(_ unfinished: [DeployRecord], running: [Int64] = [], builders: Int = 2) -> [Int64] {
        let lanes = unfinished.filter { running.contains($0.id) }.map { ($0.id, $0.lane) }
        return DeployQueue.next(unfinished, running: Dictionary(uniqueKeysWithValues: lanes), builders: builders).map(
            \.id)
    }

    @Test func `one of each lane, the oldest first, as many as there are builders`() {
        let waiting = [deploy(1, "a"), deploy(2, "a", branch: "master"), deploy(3, "b"), deploy(4, "c")]
        #expect(next(waiting) == [1, 3])
        #expect(next(waiting, builders: 9) == [1, 3, 4])
        #expect(next(waiting, running: [1], builders: 9) == [3, 4])
        #expect(next(waiting, running: [1, 3]).isEmpty)
    }

    @Test func `each branch of previews is a lane of its own`() {
        let waiting = ["x", "y", "x"].enumerated().map {
            deploy(Int64($0.offset), "a", branch: $0.element, environment: "preview")
        }
        #expect(next(waiting + [deploy(9, "a")], builders: 9) == [0, 1, 9])
    }

    @Test func `what Marathon has takes no builder, but keeps its lane`() {
        let unfinished = [
            deploy(1, "a", .verifying), deploy(2, "b", .submitting), deploy(3, "a"), deploy(4, "c"), deploy(5, "d"),
            deploy(6, "e"),
        ]
        #expect(next(unfinished, running: [1, 2]) == [4, 5])
        // After a restart they are worked on again.
        #expect(next(unfinished) == [1, 2, 4, 5])
    }

    @Test func `a deploy that was cancelled keeps lane and builder until its work has stopped`() {
        let waiting = [deploy(2, "a"), deploy(3, "b"), deploy(4, "c")]
        #expect(DeployQueue.next(waiting, running: [1: "a"], builders: 2).map(\.id) == [3])
    }

    @Test func `who waits for a builder is not overtaken in its lane`() {
        let waiting = [deploy(1, "a"), deploy(2, "b"), deploy(3, "b", .verifying)]
        #expect(next(waiting, running: [1], builders: 1).isEmpty)
    }
}
