import Foundation
import Testing

@testable import FlockEngine

@Suite struct HealthStateTests {
    private func run(_ state: inout HealthState, _ failure: String?, age: Double, failures: Int = 3)
        -> HealthState.Verdict
    {
        state.record(
            failure: failure, check: EngineExamples.check(grace: 10, failures: failures), age: .seconds(age),
            at: EngineExamples.moment(age).date)
    }

    @Test func `failures while an app starts do not count`() {
        var state = HealthState()
        for age in 0..<10 { #expect(run(&state, "refused", age: Double(age)) == .unchanged) }
        #expect(state.alive == nil && state.consecutiveFailures == 0)
        #expect(run(&state, "refused", age: 10) == .becameDead)
    }

    @Test func `after the first success there is no grace`() {
        var state = HealthState()
        #expect(run(&state, nil, age: 1) == .becameAlive)
        #expect(run(&state, nil, age: 2) == .unchanged)
        #expect(run(&state, "x", age: 3) == .becameDead)
        #expect(state.lastFailureCause == "x")
    }

    @Test func `a task is killed after so many failures and one more`() {
        var state = HealthState()
        let verdicts = (20..<24).map { run(&state, "x", age: Double($0)) }
        #expect(verdicts == [.becameDead, .unchanged, .unchanged, .kill])
    }

    @Test func `a success starts the count anew`() {
        var state = HealthState()
        for age in 20..<23 { _ = run(&state, "x", age: Double(age)) }
        #expect(run(&state, nil, age: 23) == .becameAlive)
        #expect(run(&state, "x", age: 24) == .becameDead)
        #expect(state.consecutiveFailures == 1)
    }

    @Test func `with 0 nothing is ever killed`() {
        var state = HealthState()
        #expect((20..<120).allSatisfy { run(&state, "x", age: Double($0), failures: 0) != .kill })
    }
}
