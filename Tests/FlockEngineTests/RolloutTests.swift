import Marathon
import Testing

@testable import FlockEngine

@Suite struct RolloutTests {
    private func rollout(
        _ wanted: Int, old: [Bool] = [], new: [Bool] = [], killing: Int = 0, minimum: Double = 1, over: Double = 1,
        mode: Rollout.Mode = .replace
    ) -> Rollout {
        var definition = EngineExamples.definition(wanted)
        definition.upgradeStrategy = UpgradeStrategy(minimumHealthCapacity: minimum, maximumOverCapacity: over)
        let app = AppRecord(definition: definition, version: "2", configVersion: "2")
        let tasks =
            old.enumerated().map { EngineExamples.task("o\($0)", config: "1", ready: $1, age: 100 - Double($0)) }
            + new.enumerated().map { EngineExamples.task("n\($0)", config: "2", ready: $1, age: 50 - Double($0)) }
            + (0..<killing).map { EngineExamples.task("k\($0)", config: "2", state: .killing) }
        return Rollout(app: app, tasks: tasks, mode: mode)
    }

    @Test func `a fresh app gets all its tasks`() {
        let rollout = rollout(3)
        #expect(rollout.launch == 3 && rollout.kill.isEmpty && !rollout.isDone)
    }

    @Test func `scaling up launches what is missing`() {
        #expect(rollout(3, new: [true]).launch == 2)
    }

    @Test func `scaling down kills those that do not serve first, then the youngest`() {
        #expect(rollout(1, new: [true, false, true]).kill == ["n1", "n2"])
        #expect(rollout(0, new: [true]).kill == ["n0"])
    }

    @Test func `it is done when all that are wanted are ready and nothing else is left`() {
        #expect(rollout(2, new: [true, true]).isDone)
        #expect(rollout(0).isDone)
        #expect(!rollout(2, new: [true, false]).isDone)
        #expect(!rollout(2, new: [true, true], killing: 1).isDone)
        #expect(!rollout(1, old: [true], new: [true]).isDone)
    }

    @Test func `with full health and room for as many again all new ones come before an old one goes`() {
        let start = rollout(2, old: [true, true])
        #expect(start.launch == 2 && start.kill.isEmpty)
        let starting = rollout(2, old: [true, true], new: [false, false])
        #expect(starting.launch == 0 && starting.kill.isEmpty)
        let half = rollout(2, old: [true, true], new: [true, false])
        #expect(half.launch == 0 && half.kill == ["o0"])
        #expect(Set(rollout(2, old: [true, true], new: [true, true]).kill) == ["o0", "o1"])
    }

    @Test func `with half the health and no room old ones go first`() {
        let start = rollout(2, old: [true, true], minimum: 0.5, over: 0)
        #expect(start.launch == 0 && start.kill == ["o0"])
        let next = rollout(2, old: [true], minimum: 0.5, over: 0)
        #expect(next.launch == 1 && next.kill.isEmpty)
        let later = rollout(2, old: [true], new: [true], minimum: 0.5, over: 0)
        #expect(later.launch == 0 && later.kill == ["o0"])
    }

    @Test func `one that must stay and has no room is replaced all the same`() {
        let rollout = rollout(1, old: [true], minimum: 1, over: 0)
        #expect(rollout.launch == 1 && rollout.kill.isEmpty)
    }

    @Test func `an old task that is not up yet goes at once`() {
        #expect(rollout(2, old: [true, false]).kill == ["o1"])
    }

    @Test func `old tasks whose check fails stay until new ones serve, and go first then`() {
        var definition = EngineExamples.definition(2, checked: true)
        definition.id = "/a"
        let app = AppRecord(definition: definition, version: "2", configVersion: "2")
        func task(_ id: String, config: String, alive: Bool?) -> TaskRecord {
            var task = EngineExamples.task(id, config: config)
            task.health = [HealthState(alive: alive)]
            return task
        }
        let old = [task("o0", config: "1", alive: true), task("o1", config: "1", alive: false)]
        #expect(Rollout(app: app, tasks: old, mode: .replace).kill.isEmpty)
        let new = [task("n0", config: "2", alive: true), task("n1", config: "2", alive: nil)]
        #expect(Rollout(app: app, tasks: old + new, mode: .replace).kill == ["o1"])
    }

    @Test func `of a single-instance app the next one comes when the last is gone`() {
        var definition = EngineExamples.definition(1)
        definition.labels = ["MARATHON_SINGLE_INSTANCE_APP": "true"]
        let app = AppRecord(definition: definition, version: "1", configVersion: "1")
        let leaving = EngineExamples.task("k", config: "1", state: .killing)
        #expect(Rollout(app: app, tasks: [leaving], mode: .keep).launch == 0)
        #expect(Rollout(app: app, tasks: [], mode: .keep).launch == 1)
    }

    @Test func `without a replacement under way, tasks of older configurations stay`() {
        #expect(rollout(2, old: [true, true], mode: .keep).isDone)
        #expect(rollout(3, old: [true, true], mode: .keep).launch == 1)
        #expect(rollout(1, old: [true], new: [true], mode: .keep).kill == ["o0"])
    }
}
