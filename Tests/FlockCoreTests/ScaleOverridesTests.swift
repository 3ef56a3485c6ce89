import Testing

@testable import FlockCore

@Suite struct ScaleOverridesTests {
    static let defaults = Settings.Scaler(
        every: TimeSpan(.seconds(2)), idleAfter: TimeSpan(.seconds(60)), target: 0.7, concurrency: 10, min: 0, max: 10,
        scaleDownDelay: TimeSpan(.seconds(60)), haproxy: [], ignore: Settings.Ignore())

    @Test func `a label gives back what it was made from`() throws {
        var overrides = ScaleOverrides()
        overrides.min = 1
        overrides.max = 4
        overrides.target = 0.5
        overrides.concurrency = 25
        overrides.idleAfter = TimeSpan(.seconds(300))
        overrides.scaleDownDelay = TimeSpan(.seconds(90))
        overrides.wake = 2
        #expect(ScaleOverrides(label: overrides.label) == overrides)
    }

    @Test func `a label is compact and its keys are in order`() {
        var overrides = ScaleOverrides()
        overrides.min = 1
        overrides.idleAfter = TimeSpan(.seconds(300))
        #expect(overrides.label == #"{"idleAfter":"5m","min":1}"#)
        #expect(ScaleOverrides().label == "{}")
    }

    @Test(arguments: [
        "", "x", "[]", #"{"min":"1"}"#, #"{"concurrency":0}"#, #"{"target":0}"#, #"{"max":-1}"#,
        #"{"idleAfter":"soon"}"#,
    ])
    func `a label that makes no sense is none`(_ label: String) {
        #expect(ScaleOverrides(label: label) == nil)
    }

    @Test func `an app that asks for nothing has the policy of the settings`() {
        let policy = ScalePolicy(Self.defaults)
        #expect(policy.min == 0 && policy.max == 10 && policy.target == 0.7 && policy.concurrency == 10)
        #expect(policy.idleAfter == .seconds(60) && policy.scaleDownDelay == .seconds(60))
        #expect(policy.wake == 1)
    }

    @Test func `what an app asks for wins`() {
        var overrides = ScaleOverrides()
        overrides.min = 2
        overrides.max = 3
        overrides.concurrency = 50
        overrides.idleAfter = TimeSpan(.seconds(5))
        let policy = ScalePolicy(Self.defaults, overrides)
        #expect(policy.min == 2 && policy.max == 3 && policy.concurrency == 50 && policy.idleAfter == .seconds(5))
        // A wake starts what has to run anyway.
        #expect(policy.wake == 2)
    }

    @Test func `the least is never more than the most`() {
        var settings = Self.defaults
        settings.min = 5
        var overrides = ScaleOverrides()
        overrides.max = 2
        #expect(ScalePolicy(settings, overrides).min == 2)
    }
}
