import FlockTesting
import Testing

@testable import FlockCore

@Suite struct ScaleOverridesTests {
    @Test func `a label gives back what it was made from`() throws {
        var overrides = ScaleOverrides()
        overrides.min = 1
        overrides.max = 4
        overrides.target = 0.5
        overrides.concurrency = 25
        overrides.idleAfter = TimeSpan(.seconds(300))
        overrides.scaleDownDelay = TimeSpan(.seconds(90))
        overrides.wake = 2
        overrides.minAwake = TimeSpan(.seconds(30))
        overrides.requestsPerSecond = 12.5
        overrides.awake = [try AwakeSchedule("weekdays 08:00-19:00 Europe/Madrid")]
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

    @Test(arguments: [
        #"{"awake":"never"}"#, #"{"awake":["never"],"min":"x"}"#, #"{"requestsPerSecond":-1}"#, #"{"minAwake":"long"}"#,
    ])
    func `a label with a wrong new key is none`(_ label: String) {
        #expect(ScaleOverrides(label: label) == nil)
    }

    @Test func `hours that cannot be read are left out, and the rest of the label holds`() {
        let overrides = ScaleOverrides(label: #"{"awake":["daily 08:00-09:00 Mars/Base","sat 10:00-11:00"],"min":2}"#)
        #expect(overrides?.min == 2 && overrides?.awake?.map(\.description) == ["sat 10:00-11:00"])
    }

    @Test func `an app that asks for nothing has the policy of the settings`() throws {
        let policy = ScalePolicy(try Settings.defaults().scaler)
        #expect(policy.min == 0 && policy.max == 10 && policy.target == 0.7 && policy.concurrency == 10)
        #expect(policy.idleAfter == .seconds(60) && policy.scaleDownDelay == .seconds(60))
        #expect(policy.requestsPerSecond == nil && policy.awake.isEmpty && policy.minAwake == .zero)
        #expect(policy.wake == 1)
    }

    @Test func `what an app asks for wins`() throws {
        var overrides = ScaleOverrides()
        overrides.min = 2
        overrides.max = 3
        overrides.concurrency = 50
        overrides.idleAfter = TimeSpan(.seconds(5))
        overrides.minAwake = TimeSpan(.seconds(90))
        overrides.requestsPerSecond = 30
        overrides.awake = [try AwakeSchedule("daily 00:00-24:00")]
        let policy = ScalePolicy(try Settings.defaults().scaler, overrides)
        #expect(policy.min == 2 && policy.max == 3 && policy.concurrency == 50 && policy.idleAfter == .seconds(5))
        #expect(policy.minAwake == .seconds(90) && policy.requestsPerSecond == 30 && policy.awake.count == 1)
        #expect(policy.wake == 1)
        overrides.wake = 5
        #expect(ScalePolicy(try Settings.defaults().scaler, overrides).wake == 3)
    }

    @Test func `the least is never more than the most`() throws {
        var overrides = ScaleOverrides()
        overrides.max = 2
        #expect(ScalePolicy(try Settings.defaults("scaler.min=5").scaler, overrides).min == 2)
    }
}
