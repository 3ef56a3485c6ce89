import Testing

@testable import FlockScaler

@Suite struct SleepReportsTests {
    private typealias Hold = SleepReports.Hold
    private typealias Drain = SleepReports.Drain

    private let held = Hold(isHeld: true, waiting: 0, inFlight: 0)
    private let drained = Drain(isDraining: true, sessions: 0)

    @Test func `it is quiet when all hold, all drain, and nothing is under way anywhere`() {
        let reports = SleepReports(holds: ["a": held, "b": held], drains: ["c": drained, "d": drained])
        #expect(reports.verdict == .quiet)
    }

    @Test func `what is under way is counted over all nodes`() {
        let reports = SleepReports(
            holds: ["a": held, "b": Hold(isHeld: true, waiting: 0, inFlight: 2)],
            drains: ["c": Drain(isDraining: true, sessions: 3), "d": Drain(isDraining: true, sessions: 1)])
        #expect(reports.verdict == .busy(6))
    }

    @Test func `one that waits on any node disturbs, before all that is under way`() {
        let reports = SleepReports(
            holds: ["a": held, "b": Hold(isHeld: true, waiting: 1, inFlight: 0)],
            drains: ["c": Drain(isDraining: true, sessions: 3)])
        #expect(reports.verdict == .disturbed("a request came"))
    }

    @Test func `a part that has forgotten its lease disturbs, however quiet it is`() {
        let forgotten = SleepReports(
            holds: ["a": held], drains: ["c": drained, "d": Drain(isDraining: false, sessions: 0)])
        #expect(forgotten.verdict == .disturbed("d no longer drains it"))
        let unheld = SleepReports(holds: ["a": Hold(isHeld: false, waiting: 0, inFlight: 0)], drains: ["c": drained])
        #expect(unheld.verdict == .disturbed("a no longer holds it"))
    }
}
