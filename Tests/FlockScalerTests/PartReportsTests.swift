import Testing

@testable import FlockScaler

@Suite struct PartReportsTests {
    private typealias Hold = PartReports.Hold
    private typealias Drain = PartReports.Drain

    private let held = Hold(isHeld: true, waiting: 0, inFlight: 0, tasks: [:])
    private let drained = Drain(isDraining: true, sessions: 0, tasks: [:])

    @Test func `it is quiet when all hold, all drain, and nothing is under way anywhere`() {
        let reports = PartReports(holds: ["a": held, "b": held], drains: ["c": drained, "d": drained])
        #expect(reports.verdict == .quiet)
    }

    @Test func `what is under way is counted over all nodes`() {
        let reports = PartReports(
            holds: ["a": held, "b": Hold(isHeld: true, waiting: 0, inFlight: 2, tasks: [:])],
            drains: [
                "c": Drain(isDraining: true, sessions: 3, tasks: [:]),
                "d": Drain(isDraining: true, sessions: 1, tasks: [:]),
            ])
        #expect(reports.verdict == .busy(6))
    }

    @Test func `what is under way to a task is counted over all nodes, flock-backups included`() {
        let reports = PartReports(
            holds: ["a": Hold(isHeld: false, waiting: 0, inFlight: 2, tasks: ["one": 2])],
            drains: [
                "c": Drain(isDraining: true, sessions: 4, tasks: ["one": 1, "two": 3]),
                "d": Drain(isDraining: true, sessions: 1, tasks: ["one": 0, "two": 1]),
            ])
        #expect(reports.sessionsByTask == ["one": 3, "two": 4])
        #expect(reports.lostDrain == nil && !reports.isAwaited)
    }

    @Test func `one that waits on any node disturbs, before all that is under way`() {
        let reports = PartReports(
            holds: ["a": held, "b": Hold(isHeld: true, waiting: 1, inFlight: 0, tasks: [:])],
            drains: ["c": Drain(isDraining: true, sessions: 3, tasks: [:])])
        #expect(reports.verdict == .disturbed("a request came"))
    }

    @Test func `a part that has forgotten its lease disturbs, however quiet it is`() {
        let forgotten = PartReports(
            holds: ["a": held], drains: ["c": drained, "d": Drain(isDraining: false, sessions: 0, tasks: [:])])
        #expect(forgotten.verdict == .disturbed("d no longer drains it"))
        let unheld = PartReports(
            holds: ["a": Hold(isHeld: false, waiting: 0, inFlight: 0, tasks: [:])], drains: ["c": drained])
        #expect(unheld.verdict == .disturbed("a no longer holds it"))
    }
}
