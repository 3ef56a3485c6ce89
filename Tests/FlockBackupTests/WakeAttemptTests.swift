import FlockCore
import Marathon
import Testing

@testable import FlockBackup

/// Steps an attempt through what is seen, with a clock that moves when told.
@Suite struct WakeAttemptTests {
    private var now = ContinuousClock.now
    private var attempt: WakeAttempt
    private var state = WakeState()
    private var waiting = 1

    init() {
        attempt = WakeAttempt(at: now, limit: .seconds(30))
    }

    private mutating func next() -> WakeAttempt.Step {
        attempt.next(state, waiting: waiting, wake: 2, at: now)
    }

    private static func app(
        instances: Int, tasks: [AppTask] = [], failure: TaskFailure? = nil, deploying: Bool = false
    ) -> App {
        var app = App(definition: AppDefinition(), version: "1")
        app.definition.id = "/a"
        app.definition.instances = instances
        app.tasks = tasks
        app.lastTaskFailure = failure
        if deploying { app.deployments = [DeploymentReference(id: "d")] }
        return app
    }

    private static func task(_ id: String, running: Bool = true) -> AppTask {
        var task = AppTask(id: id, appId: "/a", host: "127.0.0.1", ports: [9])
        task.state = running ? "TASK_RUNNING" : "TASK_STAGING"
        return task
    }

    private static func failure(_ task: String, state: String = "TASK_FAILED") -> TaskFailure {
        StartFailureTests.failure("Command exited with status 3", task: task, state: state)
    }

    private mutating func saw(_ app: App?) { attempt.saw(app, at: now) }

    /// Starts it and lets Marathon take that.
    private mutating func start() {
        saw(Self.app(instances: 0))
        #expect(next() == .start(2))
        attempt.started(isAccepted: true)
    }

    @Test mutating func sleepingAppIsStartedProbedAndServes() {
        #expect(next() == .look)
        start()
        #expect(next() == .look && attempt.progress == .starting)
        saw(Self.app(instances: 2, tasks: [Self.task("1", running: false)]))
        #expect(next() == .rest(.milliseconds(50)))
        attempt.rang()
        #expect(next() == .look)
        saw(Self.app(instances: 2, tasks: [Self.task("1")]))
        #expect(next() == .probe([Self.task("1")]) && attempt.progress == .checking)
        attempt.probed(serving: 0, at: now)
        guard case .rest = next() else { return #expect(Bool(false), "it rests between two probes") }
        now += .milliseconds(2)
        #expect(next() == .probe([Self.task("1")]))
        state.proven(.init(taskID: "1", host: "127.0.0.1", port: 9), at: now)
        attempt.probed(serving: 1, at: now)
        #expect(attempt.isColdStart)
        waiting = 0
        #expect(next() == .done && attempt.progress == .ready)
    }

    @Test("what happens while Marathon is being asked makes its answer old")
    mutating func ringWithinLook() {
        #expect(next() == .look)
        attempt.rang()
        saw(Self.app(instances: 0))
        #expect(next() == .look)
        saw(Self.app(instances: 0))
        #expect(next() == .start(2))
    }

    @Test mutating func itGoesOnWhenNobodyWaits() {
        waiting = 0
        #expect(next() == .look)
        start()
        #expect(next() == .look)
    }

    @Test("while some wait for a place, further tasks are looked for and proven beside those that serve")
    mutating func otherTasks() {
        saw(Self.app(instances: 2, tasks: [Self.task("1"), Self.task("2")]))
        #expect(next() == .probe([Self.task("1"), Self.task("2")]))
        state.proven(.init(taskID: "1", host: "127.0.0.1", port: 9), at: now)
        attempt.probed(serving: 1, at: now)
        #expect(!attempt.isColdStart)
        now += .milliseconds(50)
        #expect(next() == .probe([Self.task("2")]))
        state.proven(.init(taskID: "2", host: "127.0.0.1", port: 9), at: now)
        attempt.probed(serving: 1, at: now)
        #expect(next() == .rest(.seconds(1)))
        now += .seconds(1)
        #expect(next() == .look)
    }

    @Test("tasks that were there while the app served are not starts that failed, however many die at once")
    mutating func deathsAfterServing() {
        start()
        let both = [Self.task("1"), Self.task("2")]
        saw(Self.app(instances: 2, tasks: both))
        for task in both {
            state.proven(Endpoint(taskID: task.id, host: "127.0.0.1", port: 9), at: now)
        }
        attempt.probed(serving: 2, at: now)
        #expect(next() == .rest(WakeAttempt.servingLook))
        // Others took their place, and served too.
        now += .seconds(1)
        #expect(next() == .look)
        saw(Self.app(instances: 2, tasks: [Self.task("3"), Self.task("4")]))
        for id in ["3", "4"] { state.proven(Endpoint(taskID: id, host: "127.0.0.1", port: 9), at: now) }
        attempt.probed(serving: 2, at: now)
        _ = next()
        for id in ["1", "2", "3", "4"] { state.lost(taskID: id) }
        for id in ["3", "4"] {
            attempt.rang()
            #expect(next() == .look)
            saw(Self.app(instances: 2, tasks: [Self.task("5", running: false)], failure: Self.failure(id)))
            #expect(next() == .rest(.milliseconds(50)), "after the death of \(id)")
        }
    }

    @Test mutating func crashOfWhatItStartedFailsIt() {
        start()
        saw(Self.app(instances: 2, failure: Self.failure("1")))
        #expect(next() == .fail(.exited(3)))
    }

    @Test("a failure from before the start is not held against it, and neither is a lost task")
    mutating func oldFailure() {
        saw(Self.app(instances: 0, failure: Self.failure("old")))
        #expect(next() == .start(2))
        attempt.started(isAccepted: true)
        saw(Self.app(instances: 2, failure: Self.failure("old")))
        #expect(next() == .rest(.milliseconds(50)))
        saw(Self.app(instances: 2, failure: Self.failure("1", state: "TASK_LOST")))
        #expect(next() == .rest(.milliseconds(50)))
    }

    @Test("a task that dies is launched again without delay; a second death is a failed start")
    mutating func relaunch() {
        saw(Self.app(instances: 1, tasks: [Self.task("1")]))
        #expect(next() == .probe([Self.task("1")]))
        attempt.probed(serving: 0, at: now)
        saw(Self.app(instances: 1, failure: Self.failure("1")))
        #expect(next() == .relaunch)
        attempt.started(isAccepted: true)
        saw(Self.app(instances: 1, failure: Self.failure("1")))
        #expect(next() == .rest(.milliseconds(50)))
        saw(Self.app(instances: 1, failure: Self.failure("2")))
        #expect(next() == .fail(.exited(3)))
    }

    @Test("two deaths of tasks that Marathon launches by itself are a failed start too")
    mutating func crashLoop() {
        saw(Self.app(instances: 1, tasks: [Self.task("1", running: false)]))
        _ = next()
        saw(Self.app(instances: 1, tasks: [Self.task("2", running: false)], failure: Self.failure("1")))
        #expect(next() == .rest(.milliseconds(50)))
        saw(Self.app(instances: 1, tasks: [Self.task("3", running: false)], failure: Self.failure("2")))
        #expect(next() == .fail(.exited(3)))
    }

    @Test mutating func refusedStartIsTriedAgainWithPausesThatGrow() {
        var pauses: [WakeAttempt.Step] = []
        for _ in 0..<7 {
            saw(Self.app(instances: 0, deploying: true))
            #expect(next() == .start(2))
            attempt.started(isAccepted: false)
            pauses.append(next())
            #expect(next() == .look)
        }
        #expect(pauses == [10, 20, 40, 80, 160, 250, 250].map { .rest(.milliseconds($0)) })
        now += .seconds(30)
        #expect(next() == .fail(.deploying))
        saw(Self.app(instances: 0))
        #expect(next() == .fail(.startRefused))
    }

    @Test mutating func whatItFailsForWantOf() {
        now += .seconds(30)
        #expect(next() == .fail(.marathonUnreachable))
        saw(Self.app(instances: 1))
        #expect(next() == .fail(nil), "Marathon's queue may know")
        saw(Self.app(instances: 1, tasks: [Self.task("1", running: false)]))
        #expect(next() == .fail(.launching))
        saw(Self.app(instances: 1, tasks: [Self.task("1")]))
        #expect(next() == .fail(.checkFailed))
        attempt.sawNothing()
        #expect(next() == .fail(.marathonUnreachable))
    }

    @Test("the time runs from when the app served last")
    mutating func limit() {
        state.proven(.init(taskID: "1", host: "127.0.0.1", port: 9), at: now + .seconds(29))
        now += .seconds(29)
        saw(Self.app(instances: 1, tasks: [Self.task("1")]))
        #expect(next() == .rest(.seconds(1)))
        state.forget()
        now += .seconds(29)
        #expect(next() == .look)
        now += .seconds(1)
        #expect(next() == .fail(.checkFailed))
    }

    @Test mutating func marathonThatDoesNotAnswerIsNotAskedAtOnce() {
        #expect(next() == .look)
        attempt.sawNothing()
        #expect(next() == .rest(.milliseconds(100)))
        #expect(next() == .look)
    }

    @Test mutating func timeDoesNotRunWhileMarathonIsAway() {
        let began = now
        attempt.sawNothing()
        now += .seconds(29)
        #expect(next() == .rest(.milliseconds(100)))
        start()
        now += .seconds(29)
        saw(Self.app(instances: 2))
        #expect(next() == .rest(.milliseconds(50)))
        now += .seconds(1)
        #expect(next() == .fail(nil))
        #expect(attempt.began == began, "which the waiting page shows")
    }

    @Test mutating func nothingIsDoneWhileASleepIsUnderWay() {
        saw(Self.app(instances: 1, tasks: [Self.task("1")]))
        _ = state.hold(Lease(holder: .example, until: now + .seconds(9)), at: now)
        #expect(next() == .rest(.milliseconds(20)))
        state.release(by: .example)
        #expect(next() == .look, "what was seen before is old")
    }

    @Test(
        "an app that was put to sleep is started as soon as nothing is left of it, and gets nothing before the lease ends"
    )
    mutating func startedBeforeTheLeaseEnds() {
        saw(Self.app(instances: 1, tasks: [Self.task("1")]))
        _ = state.hold(Lease(holder: .example, until: now + .seconds(9)), at: now)
        #expect(next() == .rest(.milliseconds(20)))
        #expect(next() == .look)
        saw(Self.app(instances: 0, tasks: [Self.task("1")], deploying: true))
        #expect(next() == .rest(.milliseconds(20)))
        #expect(next() == .look)
        saw(Self.app(instances: 0))
        #expect(next() == .start(2))
        attempt.started(isAccepted: true)
        #expect(next() == .look)
        saw(Self.app(instances: 2, tasks: [Self.task("2")]))
        #expect(next() == .rest(.milliseconds(20)), "it is not asked, let alone sent anything")
        state.release(by: .example)
        #expect(next() == .look)
        saw(Self.app(instances: 2, tasks: [Self.task("2")]))
        #expect(next() == .probe([Self.task("2")]))
    }

    @Test("one that only watches starts nothing in the middle of a sleep")
    mutating func watchingASleep() {
        attempt = WakeAttempt(at: now, limit: .seconds(10), mayStart: false)
        _ = state.hold(Lease(holder: .example, until: now + .seconds(9)), at: now)
        saw(Self.app(instances: 0))
        #expect(next() == .rest(.milliseconds(20)))
    }

    @Test mutating func anAppThatServedAndIsPutToZeroIsNotStartedForNobody() {
        saw(Self.app(instances: 1, tasks: [Self.task("1")]))
        state.proven(Endpoint(taskID: "1", host: "127.0.0.1", port: 1), at: now)
        _ = attempt.next(state, waiting: 1, wake: 2, at: now)
        state.forget()
        saw(Self.app(instances: 0))
        #expect(attempt.next(state, waiting: 0, wake: 2, at: now) == .done)
    }

    @Test mutating func whatRunsOfAnAppAtZeroIsNotAsked() {
        saw(Self.app(instances: 0, tasks: [Self.task("1")]))
        #expect(next() == .start(2))
    }

    @Test mutating func unknownApp() {
        saw(nil)
        #expect(next() == .unknownApp)
    }

    @Test("one that only watches starts nothing, until somebody wants the app")
    mutating func watching() {
        attempt = WakeAttempt(at: now, limit: .seconds(10), mayStart: false)
        saw(Self.app(instances: 1))
        #expect(next() == .rest(.milliseconds(50)))
        saw(Self.app(instances: 0))
        #expect(next() == .fail(nil))
        attempt.wanted(at: now, limit: .seconds(30))
        #expect(next() == .look)
        saw(Self.app(instances: 0))
        #expect(next() == .start(2))
    }
}
