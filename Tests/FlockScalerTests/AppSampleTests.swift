import HAProxy
import Testing

@testable import FlockScaler

@Suite struct AppSampleTests {
    private let apps = ["app_shop_1_0_0": "/shop-1.0.0"]

    private func row(_ total: Int, denied: Int = 0, sessions: Int = 0, last: Duration? = nil) -> StatsRow {
        StatsRow(
            proxy: "app_shop_1_0_0", server: "BACKEND", kind: .backend, currentSessions: sessions, totalSessions: total,
            deniedRequests: denied, lastSession: last)
    }

    private func read(_ reader: inout SampleReader, _ nodes: [String: [StatsRow]?]) -> AppSample? {
        reader.read(nodes, apps: apps)["/shop-1.0.0"]
    }

    @Test func `what was counted before the first look is nothing new`() {
        var reader = SampleReader()
        #expect(read(&reader, ["a": [row(100)]])?.arrivals == 0)
        #expect(read(&reader, ["a": [row(103)]])?.arrivals == 3)
        #expect(read(&reader, ["a": [row(103)]])?.arrivals == 0)
    }

    @Test func `what the app's own guards refuse is nothing new`() {
        var reader = SampleReader()
        _ = read(&reader, ["a": [row(100, denied: 40)]])
        #expect(read(&reader, ["a": [row(130, denied: 68)]])?.arrivals == 2)
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
        #expect(sample?.arrivals == 3 && sample?.inFlight == 5)
        #expect(sample?.sinceLast == 4)
        #expect(sample?.isComplete == true)
    }

    private func use(_ app: String, inFlight: Int = 0, idle: Int) -> AppUsage {
        AppUsage(app: app, inFlight: inFlight, idleMilliseconds: idle)
    }

    @Test func `what the stick tables say of the last request holds over what the counters say`() {
        var reader = SampleReader()
        let nodes = ["a": [row(10, last: .seconds(1))], "b": [row(10, last: .seconds(1))]] as [String: [StatsRow]?]
        func read(_ usage: [[AppUsage]]) -> AppSample? {
            reader.read(nodes, usage: ["a": usage[0], "b": usage[1]], apps: apps)["/shop-1.0.0"]
        }
        let sample = read([[use("/shop-1.0.0", idle: 70_000)], [use("/shop-1.0.0", idle: 90_000), use("/x", idle: 1)]])
        #expect(sample?.isCounted == true && sample?.sinceLast == 70)
        #expect(read([[], [use("/shop-1.0.0", inFlight: 1, idle: 5000)]])?.sinceLast == 0)
        #expect(read([[], []])?.sinceLast == nil)
    }

    @Test func `a node that does not answer is taken to carry what it carried, and nothing new`() {
        var reader = SampleReader()
        _ = read(&reader, ["a": [row(10, sessions: 1)], "b": [row(20, sessions: 4)]])
        let sample = read(&reader, ["a": [row(11, sessions: 2)], "b": nil])
        #expect(sample?.isComplete == false && sample?.isSilent == false)
        #expect(sample?.inFlight == 6 && sample?.arrivals == 1)
        #expect(read(&reader, ["a": nil, "b": nil])?.isSilent == true)
        // One that was taken out of the settings counts no longer.
        #expect(read(&reader, ["a": [row(11, sessions: 2)]])?.inFlight == 2)
    }

    @Test func `what came while a node did not answer is spread over the looks it missed`() {
        var reader = SampleReader()
        let other = [row(0)]
        _ = read(&reader, ["a": [row(10)], "b": other])
        _ = read(&reader, ["a": nil, "b": other])
        #expect(read(&reader, ["a": [row(14)], "b": other])?.arrivals == 2)
        for _ in 0..<9 { _ = read(&reader, ["a": nil, "b": other]) }
        // One request is use, however long ago.
        #expect(read(&reader, ["a": [row(15)], "b": other])?.arrivals == 1)
        // While none answers nobody decides.
        for _ in 0..<9 { _ = read(&reader, ["a": nil, "b": nil]) }
        #expect(read(&reader, ["a": [row(25)], "b": other])?.arrivals == 10)
    }

    @Test func `several backends of one app add up, and work is what came times how long it took`() {
        var reader = SampleReader()
        func row(_ name: String, _ total: Int, _ milliseconds: Int) -> StatsRow {
            StatsRow(
                proxy: name, server: "BACKEND", kind: .backend, currentSessions: 2, totalSessions: total,
                responseTime: .milliseconds(milliseconds))
        }
        let apps = ["one": "/a", "two": "/a", "other": "/b"]
        _ = reader.read(["n": [row("one", 0, 0), row("two", 0, 0), row("other", 0, 0)]], apps: apps)
        let samples = reader.read(["n": [row("one", 10, 100), row("two", 4, 500), row("other", 1, 7)]], apps: apps)
        #expect(samples["/a"]?.inFlight == 4 && samples["/a"]?.arrivals == 14)
        #expect(samples["/a"]?.work == 3)
        #expect(samples["/b"]?.arrivals == 1)
    }

    @Test func `what old workers carry, which only the stick tables know, counts`() {
        var reader = SampleReader()
        let sample = reader.read(
            ["a": [row(1, sessions: 1)], "b": [row(1)]],
            usage: [
                "a": [use("/shop-1.0.0", inFlight: 2, idle: 0)], "b": [use("/shop-1.0.0", inFlight: 1, idle: 0)],
            ], apps: apps)
        #expect(sample["/shop-1.0.0"]?.inFlight == 3)
    }

    @Test func `what the old workers of a node carried counts when that node does not answer`() {
        var reader = SampleReader()
        func inFlight(_ a: Int, _ b: Int?) -> Int? {
            let uses = [use("/shop-1.0.0", inFlight: a, idle: 0)]
            let others = b.map { [use("/shop-1.0.0", inFlight: $0, idle: 0)] }
            let nodes: [String: [StatsRow]?] = ["a": [row(1)], "b": b.map { _ in [row(6)] }]
            return reader.read(nodes, usage: ["a": uses, "b": others], apps: apps)["/shop-1.0.0"]?.inFlight
        }
        #expect(inFlight(4, 6) == 10)
        #expect(inFlight(1, nil) == 7)
        #expect(inFlight(0, 0) == 0)
        #expect(inFlight(2, nil) == 2)
    }

    @Test func `a table for one of two nodes does not say that nobody uses an app`() {
        var reader = SampleReader()
        let nodes = ["a": [row(1)], "b": [row(5)]] as [String: [StatsRow]?]
        let sample = reader.read(nodes, usage: ["a": [use("/shop-1.0.0", idle: 600_000)]], apps: apps)["/shop-1.0.0"]
        #expect(sample?.isCounted == false)
    }

    @Test func `what a sleeping app was asked before is nothing new when it wakes`() {
        var reader = SampleReader()
        _ = reader.read(["a": [row(100)]], apps: [:])
        #expect(read(&reader, ["a": [row(101)]])?.arrivals == 1)
    }

    @Test func `an app that a node does not know is in doubt`() {
        var reader = SampleReader()
        #expect(read(&reader, ["a": []])?.isComplete == false)
        // Its first requests are new, since the node was looked at before.
        let sample = read(&reader, ["a": [row(1)]])
        #expect(sample?.arrivals == 1 && sample?.isComplete == true)
    }
}
