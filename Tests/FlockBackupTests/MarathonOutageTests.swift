import Testing

@testable import FlockBackup

@Suite struct MarathonOutageTests {
    private let start = ContinuousClock.now
    private var outage = MarathonOutage()

    private mutating func mayAsk(after time: Duration = .zero) -> Bool { outage.mayAsk(at: start + time) }

    @Test("in an outage one asks at a time, after pauses that grow to 2 s")
    mutating func oneAtATime() {
        #expect(mayAsk() == true && mayAsk() == true)
        outage.failed(at: start)
        outage.failed(at: start)
        var now = Duration.zero
        var pauses: [Duration] = []
        for _ in 0..<8 {
            let failed = now
            while !mayAsk(after: now) { now += .milliseconds(10) }
            #expect(mayAsk(after: now) == false)
            pauses.append(now - failed)
            outage.failed(at: start + now)
        }
        #expect(pauses == [50, 100, 200, 400, 800, 1600, 2000, 2000].map { .milliseconds($0) })
    }

    @Test("an answer ends it for all, whoever got it")
    mutating func ends() {
        let isOver = outage.answered()
        #expect(!isOver)
        outage.failed(at: start)
        #expect(outage.since == start && mayAsk() == false)
        let ends = outage.answered()
        #expect(ends && outage.since == nil)
        #expect(mayAsk() == true && mayAsk() == true)
    }
}
