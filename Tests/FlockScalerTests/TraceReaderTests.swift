import Foundation
import Testing

@testable import FlockCore
@testable import FlockScaler

@Suite struct TraceReaderTests {
    private func read(
        _ text: String, from: Double? = nil, to: Double? = nil, ignore: Settings.Ignore = Settings.Ignore()
    ) throws -> [Trace] {
        try TraceReader(name: "t", from: from, to: to, ignore: ignore).read(Array(text.utf8))
    }

    private func counts(_ trace: Trace?) -> [Double]? {
        if case .perMinute(let counts) = trace?.arrivals { counts } else { nil }
    }

    private func requests(_ trace: Trace?) -> [Trace.Request] {
        if case .each(let requests, _) = trace?.arrivals { requests } else { [] }
    }

    // MARK: Per minute

    @Test("counts of minutes; a minute without a line had none; the one after the end is known where it is")
    func perMinute() throws {
        let text = """
            period,count
            1998-06-10 00:00:00,60
            1998-06-10 00:01:00,120
            1998-06-10 00:04:00,6

            """
        let whole = try read(text)
        #expect(whole.count == 1 && counts(whole.first) == [60, 120, 0, 0, 6, 6])
        #expect(whole.first?.duration == 300)
        #expect(whole.first?.start == Date(timeIntervalSince1970: 897_436_800))
        let begin = 897_436_800.0
        let part = try read(text, from: begin, to: begin + 60)
        #expect(counts(part.first) == [60, 120] && part.first?.duration == 60)
        #expect(counts(try read(text, from: begin + 60, to: begin + 300).first) == [120, 0, 0, 6, 6])
        // Without its head, too.
        #expect(counts(try read("1998-06-10 00:00:00,60\n").first) == [60, 60])
    }

    // MARK: Logs

    private static let log = """
        10.0.0.1 - - [10/Jun/1998:12:00:03 +0200] "GET /a?x=1 HTTP/1.1" 200 5 "http://x/" "Mozilla/5.0 (X11)"
        10.0.0.2 - bob [10/Jun/1998:12:00:01 +0200] "POST /b HTTP/1.1" 500 - "-" "UptimeRobot/2.0"
        10.0.0.3 - - [10/Jun/1998:12:00:09 +0200] "GET /robots.txt HTTP/1.1" 404 5
        ::1 - - [10/Jun/1998:12:00:10 +0200] "" 400 0

        """

    @Test("access logs, common and combined, in the order of time; what is ignored is marked")
    func accessLog() throws {
        let ignore = Settings.Ignore(
            userAgents: [try #require(UserAgentPattern("*uptime*"))],
            paths: [try #require(PathPattern("/robots.txt"))])
        let trace = try #require(try read(Self.log, ignore: ignore).first)
        #expect(requests(trace).map(\.at) == [0, 2, 8, 9])
        #expect(requests(trace).map(\.isIgnored) == [true, false, true, false])
        #expect(trace.start == Date(timeIntervalSince1970: 897_472_801) && trace.duration == 10)
    }

    @Test(
        "patterns fit as they do in HAProxy",
        arguments: [
            ("*uptime*", "UptimeRobot", true), ("kube-probe*", "Kube-Probe/1.2", true),
            ("kube-probe*", "my kube-probe", false), ("curl", "curl", true), ("curl", "curl/8", false),
            ("*bot*check*", "abotxcheck", true), ("*bot*check*", "check bot", false), ("a*a", "a", false),
        ])
    func patterns(pattern: String, userAgent: String, fits: Bool) throws {
        let filter = IgnoreFilter(Settings.Ignore(userAgents: [try #require(UserAgentPattern(pattern))]))
        #expect(filter.ignores(path: "/", userAgent: userAgent) == fits)
    }

    // MARK: Per request

    @Test("lines of time and app, in seconds or written out, give a trace for each app over the same time")
    func perRequest() throws {
        let traces = try read("time,app\n5,b\n1.5,a\n2,a\n")
        #expect(traces.map(\.app) == ["a", "b"] && traces.map(\.duration) == [4.5, 4.5])
        #expect(requests(traces.first).map(\.at) == [0, 0.5])
        #expect(requests(traces.last).map(\.at) == [3.5])
        #expect(
            requests(try read("2026-01-01T00:00:01.25Z,a\n2026-01-01T01:00:02+01:00,a\n").first).map(\.at) == [0, 0.75])
        // What was asked for is the time, not what the lines happen to span.
        let part = try read("1,a\n5,a\n", from: 0, to: 10)
        #expect(part.first?.duration == 10 && requests(part.first).map(\.at) == [1, 5])
    }

    // MARK: Errors

    @Test(
        "what cannot be understood is named with its line",
        arguments: [
            ("", "trace_empty", "t: is empty"), ("hello\n", "trace_format_unknown", "first line"),
            ("period,count\n1998-06-10 00:00,x\n", "trace_line_invalid", "t:2:"),
            ("period,count\n\n1998-13-10 00:00,1\n", "trace_line_invalid", "t:3:"),
            ("period,count\n1998-06-10 00:00,-1\n", "trace_line_invalid", "t:2:"),
            ("period,count\n1998-06-10 00:02,1\n1998-06-10 00:01,1\n", "trace_line_invalid", "t:3:"),
            ("1,a\nnever,a\n", "trace_line_invalid", "t:2:"), ("1,a\n2,a,b\n", "trace_line_invalid", "t:2:"),
            (
                log + "10.0.0.1 - - [99/Jun/1998:12:00:03 +0200] \"GET / HTTP/1.1\" 200 5\n", "trace_line_invalid",
                "t:5:"
            ),
            ("nan,a\n", "trace_format_unknown", "first line"), ("0,a\n1e19,a\n", "trace_line_invalid", "t:2:"),
            ("0,a\n1e10,a\n", "trace_time_invalid", "ten years"),
        ])
    func errors(text: String, code: String, message: String) {
        let error = #expect(throws: TraceError.self) { try read(text) }
        #expect(error?.code.rawValue == code)
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test("a time without a request, and times that make no sense")
    func times() throws {
        #expect(throws: TraceError.self) { try read("1,a\n", from: 5) }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).csv")
        try "1,a\n".write(to: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        for (from, to) in [("soon", "2"), ("2", "1"), ("1998-06-10", "1998-06-09"), ("1998-06-31x", "1999-01-01")] {
            #expect(throws: TraceError.self, "\(from) to \(to)") {
                try Simulator(trace: file.path, from: from, to: to)
            }
        }
        #expect(throws: TraceError.self) { try Simulator(trace: "/nowhere") }
    }

    @Test("anything at all is read or refused, and ends", arguments: 0..<200)
    func hostile(seed: UInt64) throws {
        var random = RandomSource(seed: seed)
        let texts = [Self.log, "period,count\n1998-06-10 00:00,5\n1998-06-10 00:01,7\n", "1,a\n7,b\n12.5,a\n"]
        var bytes = Array(texts[Int(seed % 3)].utf8)
        for _ in 0..<8 {
            let place = Int(random.next() % UInt64(bytes.count))
            switch random.next() % 4 {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: "9e9".utf8, at: place)
            default: bytes.insert(contentsOf: "9,[\"".utf8, at: place)
            }
        }
        guard let traces = try? TraceReader(name: "t").read(bytes) else { return }
        let policy = try ScalePolicy.example()
        for trace in traces {
            let result = Simulation(trace: trace, model: .init()).run(policy, target: 0.7)
            #expect(result.instanceSeconds <= trace.duration * 10 + 1)
        }
    }
}
