import HAProxy
import Testing

@testable import FlockScaler

@Suite struct AppSampleTests {
    private let backends = ["/shop-1.0.0": "app_shop_1_0_0"]

    private func row(_ total: Int, sessions: Int = 0, last: Duration? = nil) -> StatsRow {
        StatsRow(
            proxy: "app_shop_1_0_0", server: "BACKEND", kind: .backend, currentSessions: sessions, totalSessions: total,
            lastSession: last)
    }

    private func read(_ reader: inout SampleReader, _ nodes: [String: [StatsRow]?]) -> AppSample? {
        reader.read(nodes, backends: backends)["/shop-1.0.0"]
    }

    @Test func `what was counted before the first look is nothing new`() {
        var reader = SampleReader()
        #expect(read(&reader, ["a": [row(100)]])?.arrivals == 0)
        #expect(read(&reader, ["a": [row(103)]])?.arrivals == 3)
        #expect(read(&reader, ["a": [row(103)]])?.arrivals == 0)
    }

    @Test func `after a reload of HAProxy the whole count is new`() {
        var reader = SampleReader()
        _ = read(&reader, ["a": [row(100)]])
        #expect(read(&reader, ["a": [row(2)]])?.arrivals == 2)
        #expect(read(&reader, ["a": [row(5)]])?.arrivals == 3)
    }

    @Test func `nodes add up`() {
        var reader = SampleReader()
        _ = read(&reader, ["a": [row(10)], "b": [row(20)]])
        let sample = read(
            &reader,
            ["a": [row(11, sessions: 2, last: .seconds(9))], "b": [row(22, sessions: 3, last: .seconds(4))]])
        #expect(sample?.arrivals == 3 && sample?.sessions == 5)
        #expect(sample?.sinceLast == .seconds(4))
        #expect(sample?.isComplete == true)
    }

    private func use(_ app: String, inFlight: Int = 0, idle: Int) -> AppUsage {
        AppUsage(app: app, inFlight: inFlight, idleMilliseconds: idle)
    }

    @Test func `what the stick tables say of the last request holds over what the counters say`() {
        var reader = SampleReader()
        let nodes = ["a": [row(10, last: .seconds(1))], "b": [row(10, last: .seconds(1))]] as [String: [StatsRow]?]
        func read(_ usage: [[AppUsage]]) -> AppSample? {
            reader.read(nodes, usage: usage, backends: backends)["/shop-1.0.0"]
        }
        let sample = read([[use("/shop-1.0.0", idle: 70_000)], [use("/shop-1.0.0", idle: 90_000), use("/x", idle: 1)]])
        #expect(sample?.isCounted == true && sample?.sinceLast == .seconds(70))
        #expect(read([[], [use("/shop-1.0.0", inFlight: 1, idle: 5000)]])?.sinceLast == .zero)
        #expect(read([[], []])?.sinceLast == nil)
    }

    @Test func `a node that does not answer leaves every app in doubt`() {
        var reader = SampleReader()
        let sample = read(&reader, ["a": [row(10, sessions: 1)], "b": nil])
        #expect(sample?.isComplete == false && sample?.sessions == 1)
    }

    @Test func `a node that comes back counts from where it was`() {
        var reader = SampleReader()
        _ = read(&reader, ["a": [row(10)]])
        _ = read(&reader, ["a": nil])
        #expect(read(&reader, ["a": [row(14)]])?.arrivals == 4)
    }

    @Test func `an app that a node does not know is in doubt`() {
        var reader = SampleReader()
        #expect(read(&reader, ["a": []])?.isComplete == false)
        // Its first requests are new, since the node was looked at before.
        let sample = read(&reader, ["a": [row(1)]])
        #expect(sample?.arrivals == 1 && sample?.isComplete == true)
    }
}
