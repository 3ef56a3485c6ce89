import Testing

@testable import FlockBackup

@Suite struct PaceTests {
    private let one = Endpoint(taskID: "1", host: "127.0.0.1", port: 1)
    private let two = Endpoint(taskID: "2", host: "127.0.0.1", port: 2)
    private let start = ContinuousClock.now
    private var pace = Pace()

    private mutating func take(
        _ endpoints: Endpoint..., concurrency: Int, after time: Duration = .zero
    ) throws -> Pace.Passage {
        let passage = pace.take(endpoints, concurrency: concurrency, at: start + time)
        return try #require(passage)
    }

    private mutating func isFull(concurrency: Int, after time: Duration = .zero) -> Bool {
        pace.take([one], concurrency: concurrency, at: start + time) == nil
    }

    @Test("no task takes more than its concurrency, and the one with the fewest is next")
    mutating func leastInFlight() throws {
        var taken: [Pace.Passage] = []
        for _ in 0..<4 { taken.append(try take(one, two, concurrency: 2)) }
        #expect(taken.map(\.endpoint) == [one, two, one, two])
        let fifth = pace.take([one, two], concurrency: 2, at: start)
        let nowhere = pace.take([], concurrency: 2, at: start)
        #expect(fifth == nil && nowhere == nil)
        #expect(pace.openByTask == ["1": 2, "2": 2])
        pace.ended(taken[1])
        #expect(try take(one, two, concurrency: 2).endpoint == two)
        #expect(pace.open == 4)
    }

    @Test("a place is free when a request ends, and one end frees one place")
    mutating func ends() throws {
        let first = try take(one, concurrency: 1)
        #expect(isFull(concurrency: 1))
        pace.ended(first)
        _ = try take(one, concurrency: 1)
        #expect(isFull(concurrency: 1))
    }

    @Test("a tunnel counts no longer, but is still open and still weighs when tasks are compared")
    mutating func tunnel() throws {
        pace.tunnelled(try take(one, concurrency: 1))
        #expect(pace.open == 1)
        #expect(try take(one, two, concurrency: 1).endpoint == two)
        #expect(try take(one, two, concurrency: 1).endpoint == one)
    }

    @Test("a response that goes on counts for a second, a request without a response for ten")
    mutating func longLived() throws {
        let stream = try take(one, concurrency: 2)
        _ = try take(one, concurrency: 2)
        pace.answered(stream, at: start + .milliseconds(500))
        #expect(pace.nextPlace(at: [one]) == start + .milliseconds(1500))
        #expect(isFull(concurrency: 2, after: .milliseconds(1499)))
        _ = try take(one, concurrency: 2, after: .milliseconds(1500))
        #expect(isFull(concurrency: 2, after: .milliseconds(9999)))
        #expect(pace.nextPlace(at: [one]) == start + .seconds(10))
        _ = try take(one, concurrency: 2, after: .seconds(10))
        // What counts no longer ends all the same.
        pace.ended(stream)
        #expect(pace.open == 3)
    }

    @Test("an answer never makes a request count for longer")
    mutating func lateAnswer() throws {
        let late = try take(one, concurrency: 1)
        pace.answered(late, at: start + .milliseconds(9500))
        #expect(pace.nextPlace(at: [one]) == start + .seconds(10))
    }
}
