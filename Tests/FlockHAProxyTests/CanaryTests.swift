import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

@testable import FlockHAProxy

/// Two versions that share the visitors of a release, held against a real HAProxy.
@Suite struct CanaryTests {
    private func apps(_ ports: [Int], percent: Int?) -> [App] {
        let canary = percent.map { ReleaseRecord.Canary(target: "/shop-1.1.0", percent: $0) }
        return [
            AppExamples.app("shop", "1.0.0", ports: [ports[0]], labels: [Label.hosts: "example.org,example.org/x"]),
            AppExamples.app("shop", "1.1.0", ports: [ports[1]]),
            AppExamples.record("shop", 1, "/shop-1.0.0", canary: canary),
        ]
    }

    /// How many of so many requests the canary got.
    private func share(
        _ site: DriverSite, _ servers: EchoServers, host: String = "shop.flock.test", of count: Int = 200
    )
        async throws -> Int
    {
        // One curl for all of them: a process each would take longer than the rest of the test.
        let ran = try await run(
            "curl", ["-s", "-H", "Host: \(host)", "http://127.0.0.1:\(site.port)/x/[1-\(count)]"])
        return ran.output.components(separatedBy: "\"port\":\(servers.ports[1])").count - 1
    }

    @Test(arguments: Settings.HTTP.Style.allCases)
    func `a share of the visitors gets the canary, at every name of the release and at none of its own`(
        _ style: Settings.HTTP.Style
    ) async throws {
        try await EchoServers.run(2) { servers in
            try await DriverSite.run(style: style) { site in
                try await site.apply(apps(servers.ports, percent: 30))
                // 60 ± 6.5: six standard deviations are never seen.
                for host in ["shop.flock.test", "example.org"] {
                    #expect((21...99).contains(try await share(site, servers, host: host)))
                }
                #expect(try await share(site, servers, host: "shop-1-0-0.flock.test", of: 50) == 0)
                #expect(try await share(site, servers, host: "shop-1-1-0.flock.test", of: 50) == 50)
            }
        }
    }

    @Test func `the share changes while HAProxy runs, without a reload`() async throws {
        try await EchoServers.run(2) { servers in
            try await DriverSite.run { site in
                try await site.apply(apps(servers.ports, percent: nil))
                let reloads = await site.driver.reloads
                #expect(try await share(site, servers, of: 50) == 0)
                try await site.apply(apps(servers.ports, percent: 10))
                #expect((1...59).contains(try await share(site, servers)))
                try await site.apply(apps(servers.ports, percent: 90))
                #expect((141...199).contains(try await share(site, servers)))
                try await site.apply(apps(servers.ports, percent: nil))
                #expect(try await share(site, servers, of: 50) == 0)
                #expect(await site.driver.reloads == reloads)
            }
        }
    }

    @Test func `who was given a page stays with its version`() async throws {
        try await EchoServers.run(2) { servers in
            try await DriverSite.run { site in
                try await site.apply(apps(servers.ports, percent: 50))
                let first = try await site.get("shop.flock.test", "/page")
                let cookie = try #require(
                    first.text.firstMatch(of: /(?i)set-cookie: (FLOCK_CANARY=(canary|current));/)?.1)
                var ports: Set<Int?> = []
                for _ in 0..<12 {
                    ports.insert(try await site.get("shop.flock.test", "/", ["-H", "Cookie: \(cookie)"]).seen?.port)
                }
                #expect(ports == [first.seen?.port])
                // Any other value is as none; only pages set the cookie.
                let odd = try await site.get("shop.flock.test", "/data", ["-H", "Cookie: FLOCK_CANARY=x"])
                #expect(odd.status == 200 && !odd.text.lowercased().contains("set-cookie"))
            }
        }
    }

    @Test(arguments: ["/other-1.0.0", "/shop-1.0.0", "/gone-1.0.0", "/flock/release/shop"])
    func `an app of another slug, itself, or one that is not there is no canary`(_ target: String) {
        let table = RoutingTable(
            apps: [
                AppExamples.app("shop", "1.0.0"), AppExamples.app("other", "1.0.0"),
                AppExamples.record("shop", 1, "/shop-1.0.0", canary: .init(target: target, percent: 10)),
            ], domain: HostDomain("flock.test")!)
        #expect(table.routes.allSatisfy { $0.canary == nil })
    }
}
