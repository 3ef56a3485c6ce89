import FlockCore
import FlockTesting
import Foundation
import HAProxy
import Marathon
import Testing

@testable import FlockHAProxy

/// How apps are used, as a real HAProxy counts it.
@Suite struct UsageTests {
    private func usage(_ site: DriverSite, _ app: String = "/shop-1.0.0") async throws -> AppUsage? {
        try await site.driver.usage().first { $0.app == app }
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `requests count, probes and pages that ask do not, and a reload forgets nothing`(
        _ style: Settings.HTTP.Style
    ) async throws {
        try await EchoServers.run(2) { servers in
            try await DriverSite.run(style: style) { site in
                let shop = AppExamples.app("shop", "1.0.0", ports: [servers.ports[0]])
                try await site.apply([shop])
                for arguments in [
                    ["-A", "Mozilla/5.0 (compatible; UptimeRobot/2.0)"], ["-A", "kube-probe/1.29"],
                    ["-A", "GOOGLEHC/1.0"],
                ] {
                    let answer = try await site.get("shop.flock.test", "/", arguments)
                    #expect(answer.seen?.headers["x-flock-ignored"] == "1", "\(arguments)")
                }
                #expect(try await site.get("shop.flock.test", "/robots.txt").seen?.headers["x-flock-ignored"] == "1")
                #expect(try await site.get("shop.flock.test", "/.well-known/flock/state").status == 200)
                #expect(try await usage(site) == nil)

                // What only looks like one counts.
                for arguments in [["-A", "curl"], ["-A", "my kube-probe/1"], ["-H", "X-Flock-Ignored: 1"]] {
                    let answer = try await site.get("shop.flock.test", "/ROBOTS.txt", arguments)
                    #expect(answer.seen != nil && answer.seen?.headers["x-flock-ignored"] == nil, "\(arguments)")
                }
                try await eventually("all three have ended") {
                    let usage = try? await usage(site)
                    return usage?.requests == 3 && usage?.inFlight == 0
                }

                // A worker that nobody handed a table to waits some seconds for one, and hands none on until then.
                let master = MasterSocket(path: site.paths.masterSocket)
                try await eventually("the first worker has waited", within: .seconds(60)) {
                    try await master.showProcesses().workers.contains { !$0.old && $0.uptime >= .seconds(20) }
                }
                let reloads = await site.driver.reloads
                try await site.apply([shop, AppExamples.app("other", "1.0.0", ports: [servers.ports[1]])])
                #expect(await site.driver.reloads > reloads)
                try await eventually("the next worker knows") { (try? await usage(site))?.requests == 3 }
            }
        }
    }

    @Test func `who is not let in does not count`() async throws {
        try await EchoServers.run(1) { servers in
            try await DriverSite.run { site in
                try await site.apply([
                    AppExamples.app(
                        "shop", "1.0.0", ports: servers.ports, labels: [Label.http: #"{"allow":["192.0.2.0/24"]}"#])
                ])
                #expect(try await site.get("shop.flock.test").status == 403)
                #expect(try await usage(site) == nil)
            }
        }
    }

    @Test func `sessions of one backend are those of its tasks`() async throws {
        try await EchoServers.run(1) { servers in
            try await DriverSite.run { site in
                try await site.apply([AppExamples.app("shop", "1.0.0", ports: servers.ports)])
                #expect(try await site.driver.sessions(of: HAProxyName(literal: "app_shop_1_0_0")).all == 0)
                #expect(try await site.driver.sessions(of: HAProxyName(literal: "app_nobody")).all == 0)
            }
        }
    }

    @Test(
        arguments: [
            ("*uptime*", .sub, "uptime"), ("kube-probe*", .beg, "kube-probe"), ("*bot", .end, "bot"),
            ("GoogleHC/1.0", .str, "GoogleHC/1.0"), ("a*b.c (d)", .reg, #"^a.*b\.c\ \(d\)$"#),
            ("*a*b*", .reg, "^.*a.*b.*$"),
        ] as [(String, IgnoreRule.Match, String)])
    func `a pattern becomes the cheapest rule`(_ glob: String, _ match: IgnoreRule.Match, _ pattern: String) {
        let rule = IgnoreRule(glob, of: "path", isCaseless: false)
        #expect(rule.match == match && rule.pattern == pattern)
    }
}
