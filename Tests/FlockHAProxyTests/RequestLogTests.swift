import FlockCore
import FlockTesting
import Foundation
import Logging
import Testing

@testable import FlockHAProxy

@Suite(.serialized) struct RequestLogTests {
    /// A line, read as any reader of JSON would.
    private struct Line: Decodable {
        struct Timings: Decodable { var request, queue, connect, response, total: Int }

        var time: Double
        var id, client, host, method, path, app, version, backend, server, end, `protocol`, tls, agent: String
        var status, bytes: Int
        var woke: Int?
        var ms: Timings
    }

    /// Runs requests, and gives the lines that came of them.
    private func lines(
        _ style: Settings.HTTP.Style = .map, count: Int, of requests: (TLSSite) async throws -> Void
    ) async throws -> [Line] {
        var lines: [Line] = []
        try await TLSSite.serving(style) { site in
            let path = "\(site.folder.path)/requests.log"
            try await site.change {
                $0.http.log = .file(path)
                $0.https.redirect = false
            }
            let paths = try HAProxyPaths(folder: "\(site.folder.path)/haproxy")
            let feed = RequestFeed(settings: site.settings, paths: paths, logger: Logger(label: "test"))
            try await requests(site)
            var data = Data()
            try await eventually("\(count) lines are there", or: String(decoding: data, as: UTF8.self)) {
                await feed.follow()
                data = FileManager.default.contents(atPath: path) ?? Data()
                return data.count(where: { $0 == UInt8(ascii: "\n") }) >= count
            }
            #expect(data.allSatisfy { $0 < 0x80 })
            for line in data.split(separator: UInt8(ascii: "\n")) {
                lines.append(try JSONDecoder().decode(Line.self, from: line))
            }
        }
        #expect(lines.count == count)
        return lines
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `a GET and a POST say what they were`(_ style: Settings.HTTP.Style) async throws {
        let lines = try await lines(style, count: 2) { site in
            _ = try await site.plain("/a/b?token=secret", host: "Shop.Flock.localhost", "-H", "X-Request-Id: Abc-1.2_3")
            _ = try await site.curl("-k", "--http2", "-d", "body", site.url("/p"))
        }
        let (get, post) = (try #require(lines.first), try #require(lines.last))
        #expect(get.method == "GET" && get.path == "/a/b" && get.status == 200 && get.bytes > 100)
        #expect(get.host == "shop.flock.localhost" && get.client == "127.0.0.1" && get.id == "Abc-1.2_3")
        #expect(get.app == "/shop-1.0.0" && get.version == "1.0.0")
        #expect(get.backend == "app_shop_1_0_0" && get.server == "s1" && get.end == "--")
        #expect(get.protocol == "HTTP/1.1" && get.tls == "-" && get.agent.hasPrefix("curl/") && get.woke == nil)
        #expect(get.ms.total >= get.ms.response && get.ms.response >= 0 && get.ms.connect >= 0 && get.ms.queue >= 0)
        #expect(abs(get.time - Date().timeIntervalSince1970) < 120)
        #expect(post.method == "POST" && post.protocol == "HTTP/2.0" && post.tls == "TLSv1.3")
        #expect(UUID(uuidString: post.id) != nil)
    }

    @Test func `the app gets the name of the request, and no name that is none`() async throws {
        try await TLSSite.serving { site in
            try await site.change { $0.https.redirect = false }
            func name(_ given: String) async throws -> String {
                struct Headers: Decodable {
                    var id: String
                    enum CodingKeys: String, CodingKey { case id = "x-request-id" }
                }
                let answer = try await site.curl("-k", "-H", "X-Request-Id: \(given)", site.url())
                return try JSONDecoder().decode(Headers.self, from: Data(answer.output.utf8)).id
            }
            #expect(try await name("0af7651916cd43dd8448eb211c80319c") == "0af7651916cd43dd8448eb211c80319c")
            for odd in ["a b", "a\"b", "<script>", String(repeating: "a", count: 65)] {
                #expect(UUID(uuidString: try await name(odd)) != nil, "\(odd)")
            }
        }
    }

    @Test func `a wake says how long it took; an app cannot say so of itself`() async throws {
        let lines = try await lines(count: 4) { site in
            _ = try await site.plain("/woke", host: "asleep.flock.localhost")
            _ = try await site.plain("/odd-woke", host: "asleep.flock.localhost")
            _ = try await site.plain("/woke", host: "shop.flock.localhost")
            _ = try await site.plain("/", host: "nobody.test")
        }
        #expect(lines.map(\.woke) == [42, nil, nil, nil])
        #expect(lines.map(\.server) == ["wake1", "wake1", "s1", "<NOSRV>"])
        #expect(lines.map(\.app) == ["/asleep-2.0.0", "/asleep-2.0.0", "/shop-1.0.0", "-"])
        #expect(lines.map(\.version) == ["2.0.0", "2.0.0", "1.0.0", "-"])
        #expect(lines.map(\.status) == [200, 200, 200, 404])
    }

    @Test func `hostile bytes make lines that parse`() async throws {
        let long = String(repeating: "%22", count: 1500)
        let requests = [
            #"GET /a"b\\c\042,"status":1 HTTP/1.1\r\nHost: shop.flock.localhost\r\nUser-Agent: "\\\001\200\377\303\251\303 \360\237\220\221"#,
            #"GET /\377\n HTTP/1.1\r\nHost: shop.flock.localhost"#,
            #"GET / HTTP/1.1\r\nHost: a","x":"\\"#, #"GET / HTTP/1.1\r\nHost: \303\050\377"#,
            #"B"AD / HTTP/1.1\r\nHost: x"#, #"\042\n\042"#,
            "GET /\(long) HTTP/1.1\\r\\nHost: \(long.prefix(600))\\r\\nUser-Agent: \(long)",
        ]
        let lines = try await lines(count: requests.count + 1) { site in
            for request in requests {
                let script = "printf '\(request.replacing("%", with: "%%"))\\r\\nConnection: close\\r\\n\\r\\n'"
                _ = try await run(
                    "sh", ["-c", "\(script) | curl -s --max-time 10 telnet://127.0.0.1:\(site.plainPort)"])
            }
            _ = try await site.plain("/last", host: "shop.flock.localhost")
        }
        #expect(lines.map(\.status) == [400, 400, 404, 404, 400, 400, 404, 200], "\(lines)")
        // The first came to the app, which did not like it either.
        #expect(lines[0].server == "s1")
        #expect(lines[0].path == #"/a"b\c","status":1"# && lines[0].agent == "\"\\\u{1}é ", "\(lines[0])")
        #expect(lines.dropLast().last?.path.utf8.count == 1024)
        #expect(lines.last?.path == "/last")
    }

    @Test func `nothing is lost while nobody reads, and nothing but requests is taken`() async throws {
        let lines = try await lines(count: 200) { site in
            // A handshake that fails, which HAProxy has a line of its own for.
            _ = try await run("curl", ["-s", "--max-time", "5", "http://127.0.0.1:\(site.port)/"])
            for _ in 0..<2 {
                let urls = (0..<100).map { "http://127.0.0.1:\(site.plainPort)/\($0)" }
                _ = try await run(
                    "curl", ["-s", "--max-time", "60", "-o", "/dev/null", "-H", "Host: shop.flock.localhost"] + urls)
                try await site.change { $0.https.hsts = TimeSpan($0.https.hsts.duration + .seconds(1)) }
            }
        }
        #expect(Set(lines.map(\.path)).count == 100)
    }
}
