import FlockCore
import Marathon
import Testing

@testable import FlockBackup

@Suite struct WakeStateTests {
    private let one = Endpoint(taskID: "1", host: "10.0.0.1", port: 1)
    private let two = Endpoint(taskID: "2", host: "10.0.0.1", port: 2)
    private let start = ContinuousClock.now
    private var state = WakeState()

    private func task(_ id: String) -> AppTask { AppTask(id: id, appId: "/a", host: "10.0.0.1", ports: [1]) }

    @Test("what was proven is believed for two seconds, and longer when Marathon confirms it")
    mutating func trust() {
        #expect(state.serving(at: start).isEmpty)
        state.proven(one, at: start)
        state.proven(two, at: start)
        state.proven(one, at: start)
        #expect(state.serving(at: start + .milliseconds(1999)) == [one, two])
        #expect(state.serving(at: start + .seconds(2)).isEmpty)

        state.confirmed([task("2"), task("3")], at: start + .seconds(1))
        #expect(state.serving(at: start + .milliseconds(2999)) == [two])
        // What is believed no longer has to be proven again.
        state.confirmed([task("2")], at: start + .seconds(4))
        #expect(state.serving(at: start + .seconds(4)).isEmpty)
        state.proven(one, at: start + .seconds(4))
        #expect(state.serving(at: start + .seconds(4)) == [one])
    }

    @Test("while Marathon does not answer, what served a moment ago is believed on, and nothing older")
    mutating func outage() {
        state.unconfirmed(at: start)
        #expect(state.serving(at: start).isEmpty)
        state.proven(one, at: start)
        state.unconfirmed(at: start + .seconds(1))
        #expect(state.serving(at: start + .milliseconds(2999)) == [one])
        #expect(state.serving(at: start + .seconds(9)).isEmpty)
        state.unconfirmed(at: start + .seconds(9))
        #expect(state.serving(at: start + .seconds(9)) == [one])
        state.unconfirmed(at: start + .seconds(19))
        #expect(state.serving(at: start + .seconds(19)).isEmpty)
    }

    @Test("while Marathon does not answer, a task that goes on answering is believed as long as it does")
    mutating func outageUnderLoad() {
        state.proven(one, at: start)
        state.proven(two, at: start)
        for second in 1...30 {
            state.unconfirmed(at: start + .seconds(second))
            state.answered(one, at: start + .seconds(second))
        }
        #expect(state.serving(at: start + .seconds(30)) == [one, two])
        state.lost(taskID: "1")
        state.answered(one, at: start + .seconds(31))
        for second in 31...41 { state.unconfirmed(at: start + .seconds(second)) }
        #expect(state.serving(at: start + .seconds(41)).isEmpty)
    }

    @Test("while it is held nothing is forwarded and nothing is learned, until the lease ends")
    mutating func hold() {
        state.proven(one, at: start)
        _ = state.hold(Lease(holder: .example, until: start + .seconds(5)), at: start)
        #expect(state.isHeld(at: start) && state.serving(at: start).isEmpty)
        state.proven(one, at: start + .seconds(1))
        #expect(state.serving(at: start + .seconds(1)).isEmpty)
        #expect(!state.isHeld(at: start + .seconds(5)) && state.serving(at: start + .seconds(5)).isEmpty)
        state.proven(two, at: start + .seconds(5))
        #expect(state.serving(at: start + .seconds(5)) == [two])
        _ = state.hold(Lease(holder: .example, until: start + .seconds(9)), at: start + .seconds(5))
        state.release(by: .example)
        #expect(!state.isHeld(at: start + .seconds(6)) && state.serving(at: start + .seconds(6)).isEmpty)
    }

    @Test("tasks that end, and addresses that refuse, are forgotten alone")
    mutating func lost() {
        state.proven(one, at: start)
        state.proven(two, at: start)
        state.lost(Endpoint(taskID: "3", host: "10.0.0.1", port: 1))
        state.lost(taskID: "3")
        #expect(state.serving(at: start) == [one, two])
        state.lost(one)
        #expect(state.serving(at: start) == [two])
        state.lost(taskID: "2")
        #expect(state.serving(at: start).isEmpty)
    }
}
