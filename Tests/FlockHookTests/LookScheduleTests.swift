import Testing

@testable import FlockHook

@Suite struct LookScheduleTests {
    private let start = ContinuousClock.now

    @Test func `of more repositories than can be looked at in time, each gets its turn`() {
        let pauses = Dictionary(uniqueKeysWithValues: (0..<50).map { ("r\($0)", Duration.seconds(2)) })
        var schedule = LookSchedule()
        var looks: [String: Int] = [:]
        // Sixteen a second, where twenty-five are due.
        for tick in 0..<160 {
            let now = start + .milliseconds(62 * tick)
            guard let key = schedule.next(of: pauses, at: now) else { continue }
            looks[key, default: 0] += 1
            schedule.ended(key)
        }
        #expect(looks.count == 50 && looks.values.allSatisfy { (3...4).contains($0) }, "\(looks)")
    }

    @Test func `four at a time, none twice at once, none before it is due`() {
        let pauses = Dictionary(uniqueKeysWithValues: (0..<6).map { ("r\($0)", Duration.seconds(10)) })
        var schedule = LookSchedule()
        let first = (0..<6).compactMap { _ in schedule.next(of: pauses, at: start) }
        #expect(first == ["r0", "r1", "r2", "r3"])
        schedule.ended("r0")
        #expect(schedule.next(of: pauses, at: start) == "r4")
        for key in first + ["r4"] { schedule.ended(key) }
        #expect(schedule.next(of: pauses, at: start) == "r5")
        schedule.ended("r5")
        #expect(schedule.next(of: pauses, at: start + .seconds(9)) == nil)
        schedule.hurry("r3")
        #expect(schedule.next(of: pauses, at: start + .seconds(9)) == "r3")
        #expect(schedule.next(of: pauses, at: start + .seconds(10)) != nil)
    }
}
