import FlockCore
import FlockTesting
import Foundation
import HAProxy
import Marathon
import Testing

@testable import FlockHAProxy

/// What an app's descriptor asks of HAProxy, held against a real one in both styles.
@Suite struct AppOptionsTests {
    private func app(_ ports: [Int], _ http: String? = nil, hosts: String? = nil, slug: String = "shop") -> App {
        var labels: [String: String] = [:]
        labels[Label.http] = http
        labels[Label.hosts] = hosts
        return AppExamples.app(slug, "1.0.0", ports: ports, labels: labels)
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `a path of a host leads to its app, the longest path wins, and likeness of names is not enough`(
        _ style: Settings.HTTP.Style
    ) async throws {
        try await EchoServers.run(3) { servers in
            try await DriverSite.run(style: style) { site in
                let ports = servers.ports
                try await site.apply([
                    app([ports[0]], hosts: "example.org", slug: "site"),
                    app([ports[1]], hosts: "example.org/shop", slug: "shop"),
                    app([ports[2]], hosts: "example.org/shop/admin,only.example.org/x", slug: "z-admin"),
                ])
                for (path, index) in [
                    ("/", 0), ("/shop", 1), ("/shop/", 1), ("/shop/a?b=c", 1), ("/shop?x=/shop/admin", 1),
                    ("/shopping", 0), ("/shop/admin", 2), ("/shop/admin/users", 2), ("/shop/administrator", 1),
                    ("/a/shop", 0), ("/SHOP", 0),
                ] {
                    let answer = try await site.get("example.org", path)
                    #expect(answer.seen?.port == ports[index], "\(path): \(answer.text)")
                    #expect(answer.seen?.url == path)
                }
                #expect(try await site.get("only.example.org", "/x/y").seen?.port == ports[2])
                #expect(try await site.get("only.example.org", "/").status == 404)
            }
        }
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `only users with the right password come in`(_ style: Settings.HTTP.Style) async throws {
        let hash = try await run("openssl", ["passwd", "-5", "-salt", "abc", "secret"]).output
            .trimmingCharacters(in: .whitespacesAndNewlines)
        try await EchoServers.run(1) { servers in
            try await DriverSite.run(style: style) { site in
                try await site.apply([app(servers.ports, #"{"users":{"alice":"\#(hash)"}}"#)])
                let stranger = try await site.get("shop.flock.test")
                #expect(stranger.status == 401)
                #expect(stranger.text.lowercased().contains("www-authenticate: basic"))
                #expect(try await site.get("shop.flock.test", "/", ["-u", "alice:wrong"]).status == 401)
                #expect(try await site.get("shop.flock.test", "/", ["-u", "alice:secret"]).status == 200)
                // The other names of the app are no way around.
                #expect(try await site.get("shop-1-0-0.flock.test").status == 401)
                // The scaler takes those refused from those counted.
                let row = try await site.row(of: "app_shop_1_0_0")
                #expect(row?.totalSessions == 4 && row?.deniedRequests == 3)
            }
        }
    }

    @Test func `an app that guards itself is closed until its guard stands, and guarded while it sleeps`() async throws
    {
        try await DriverSite.run { site in
            let sleeping = app([], #"{"allow":["192.0.2.0/24"]}"#)
            let table = RoutingTable(apps: [sleeping], domain: site.settings.current.domain)
            // Not reloaded yet: the host is known by the runtime socket, the guard is not.
            guard case .reloadDue = try await site.driver.apply(table, isServing: { _, _ in true }) else {
                Issue.record("a guard needs a reload")
                return
            }
            let early = try await site.get("shop.flock.test")
            #expect(early.status == 503 && early.text.contains("app_closed"), "\(early.text)")
            try await site.apply([sleeping])
            #expect(try await site.get("shop.flock.test").status == 403)
        }
    }

    @Test func `a guard that is new closes its app until it stands, also where the backend is there`() async throws {
        try await EchoServers.run(1) { servers in
            try await DriverSite.run { site in
                try await site.apply([app(servers.ports)])
                #expect(try await site.get("shop.flock.test").status == 200)
                let guarded = app(servers.ports, #"{"allow":["192.0.2.0/24"]}"#)
                let table = RoutingTable(apps: [guarded], domain: site.settings.current.domain)
                _ = try await site.driver.apply(table, isServing: { _, _ in true })
                #expect(try await site.get("shop.flock.test").status == 503)
                try await site.apply([guarded])
                #expect(try await site.get("shop.flock.test").status == 403)
            }
        }
    }

    @Test func `another style is taken over while HAProxy runs`() async throws {
        try await EchoServers.run(1) { servers in
            try await DriverSite.run(style: .acl) { site in
                try await site.apply([app(servers.ports)])
                var settings = site.settings.current
                settings.http.style = .map
                site.settings.replace(with: settings)
                // The first try finds out that the maps are missing.
                try? await site.apply([app(servers.ports)])
                try await site.apply([app(servers.ports)])
                #expect(try await site.get("shop.flock.test").status == 200)
            }
        }
    }

    @Test func `a connection that an old worker has is no way around a guard`() async throws {
        try await EchoServers.run(2) { servers in
            try await DriverSite.run { site in
                let guarded = app([servers.ports[0]], #"{"allow":["192.0.2.0/24"]}"#)
                try await site.apply([guarded])
                let visitor = try await RawConnection.open(port: site.port)
                let request = Array("GET / HTTP/1.1\r\nHost: shop.flock.test\r\n\r\n".utf8)
                try await visitor.send(request)
                try await eventually("the first request is answered") { visitor.text.contains("HTTP/1.1 403") }
                try await site.apply([guarded, app([servers.ports[1]], slug: "other")])
                try await visitor.send(request)
                try await eventually("the second one is too") {
                    visitor.text.components(separatedBy: "HTTP/1.1 ").count == 3
                }
                #expect(visitor.text.components(separatedBy: "HTTP/1.1 403").count == 3, "\(visitor.text)")
                visitor.close()
            }
        }
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `only the networks of the list come in`(_ style: Settings.HTTP.Style) async throws {
        // More than a line of HAProxy's configuration has words for.
        let many = (0..<199).map { #""10.0.\#($0).0/24","# }.joined()
        try await EchoServers.run(2) { servers in
            try await DriverSite.run(style: style) { site in
                try await site.apply([
                    app([servers.ports[0]], #"{"allow":[\#(many)"2001:db8::/32"]}"#, slug: "closed"),
                    app([servers.ports[1]], #"{"allow":["10.0.0.0/8","127.0.0.0/8"]}"#, slug: "open"),
                ])
                #expect(try await site.get("closed.flock.test").status == 403)
                #expect(try await site.get("open.flock.test").status == 200)
            }
        }
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `more requests than the rate are answered 429`(_ style: Settings.HTTP.Style) async throws {
        try await EchoServers.run(1) { servers in
            try await DriverSite.run(style: style) { site in
                try await site.apply([app(servers.ports, #"{"rate":{"requests":5,"per":"1h"}}"#)])
                var statuses: [Int] = []
                for _ in 0..<7 { statuses.append(try await site.get("shop.flock.test").status) }
                #expect(statuses == [200, 200, 200, 200, 200, 429, 429])
                #expect(try await site.get("shop.flock.test").text.lowercased().contains("retry-after: 3600"))
                let row = try await site.row(of: "app_shop_1_0_0")
                #expect(row?.totalSessions == 8 && row?.deniedRequests == 3)
            }
        }
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `a visitor stays with one instance`(_ style: Settings.HTTP.Style) async throws {
        try await EchoServers.run(3) { servers in
            try await DriverSite.run(style: style) { site in
                try await site.apply([app(servers.ports, #"{"sticky":true}"#)])
                let first = try await site.get("shop.flock.test")
                let cookie = try #require(first.text.firstMatch(of: /(?i)set-cookie: (FLOCK_SERVER=s[0-9]+)/)?.1)
                var ports: Set<Int?> = []
                for _ in 0..<6 {
                    ports.insert(try await site.get("shop.flock.test", "/", ["-H", "Cookie: \(cookie)"]).seen?.port)
                }
                #expect(ports == [first.seen?.port])
                var others: Set<Int?> = []
                for _ in 0..<6 { others.insert(try await site.get("shop.flock.test").seen?.port) }
                #expect(others.count > 1)
            }
        }
    }

    @Test func `an app's own timeout holds`() async throws {
        try await EchoServers.run(1) { servers in
            try await DriverSite.run { site in
                try await site.apply([app(servers.ports, #"{"timeout":"1500ms"}"#)])
                let text = try String(contentsOfFile: site.paths.configuration, encoding: .utf8)
                #expect(text.contains("timeout server 1500ms"))
                #expect(try await site.get("shop.flock.test").status == 200)
            }
        }
    }

    @Test func `options that cannot be understood let nobody in, and harm no other app`() async throws {
        try await EchoServers.run(2) { servers in
            try await DriverSite.run { site in
                try await site.apply([
                    app([servers.ports[0]], #"{"users":{"a\nb":"x"}}"#, slug: "broken"),
                    app([servers.ports[1]], slug: "sound"),
                ])
                let answer = try await site.get("broken.flock.test")
                #expect(answer.status == 503 && answer.text.contains("app_closed"))
                #expect(try await site.get("sound.flock.test").status == 200)
            }
        }
    }

    @Test func `an app that speaks HTTP/2 without TLS is spoken to in it`() async throws {
        let port = try await freePorts(1)[0]
        let program = """
            const http2 = require("node:http2");
            http2.createServer((request, response) => response.end("http/" + request.httpVersion)).listen(\(port));
            """
        try await NodeProgram.run(program, ports: [port]) {
            try await DriverSite.run { site in
                try await site.apply([app([port], #"{"h2":true}"#)])
                #expect(try await site.get("shop.flock.test").text.hasSuffix("http/2.0"))
            }
        }
    }
}
