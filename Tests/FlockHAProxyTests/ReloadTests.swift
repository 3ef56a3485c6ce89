import FlockCore
import FlockTesting
import HAProxy
import Marathon
import Testing

@testable import FlockHAProxy

/// What costs a reload of a real HAProxy, and what does not.
@Suite struct ReloadTests {
    @Test func `waking, scaling, sleeping and deploying to zero need none; more slots and new backends do`()
        async throws
    {
        try await EchoServers.run(6) { servers in
            try await DriverSite.run { site in
                func shop(_ ports: ArraySlice<Int>) -> App { AppExamples.app("shop", "1.0.0", ports: Array(ports)) }
                let none = servers.ports.prefix(0)
                func reloads() async -> Int { await site.driver.reloads }
                func status(_ slug: String = "shop") async throws -> Int {
                    try await site.get("\(slug).flock.test").status
                }
                try await site.apply([shop(servers.ports.prefix(1))])
                let first = await reloads()
                #expect(try await status() == 200)

                for ports in [none, servers.ports.suffix(1), servers.ports.prefix(4), servers.ports.prefix(2), none] {
                    try await site.apply([shop(ports)])
                    if !ports.isEmpty { #expect(try await status() == 200) }
                }
                let asleep = AppExamples.app("new", "1.0.0")
                try await site.apply([shop(none), asleep])
                #expect(await reloads() == first)
                // Nobody is there who would wake it, but it is known.
                #expect(try await status("new") == 503)

                // All slots are used up: they double.
                try await site.apply([shop(servers.ports.prefix(5)), asleep])
                #expect(await reloads() == first + 1)
                #expect(await site.driver.slots.backends[HAProxyName(literal: "app_shop_1_0_0")]?.count == 8)
                try await site.apply([shop(servers.ports[...]), asleep])
                #expect(await reloads() == first + 1)

                // A backend that is new; that of an app that sleeps stays in it.
                try await site.apply([shop(none), AppExamples.app("new", "1.0.0", ports: [servers.ports[0]])])
                #expect(await reloads() == first + 2)
                #expect(try await status("new") == 200)
                try await site.apply([shop(servers.ports[...]), asleep])
                #expect(await reloads() == first + 2)
                #expect(try await status() == 200)
            }
        }
    }

    @Test func `changes that come together share a reload`() async throws {
        try await EchoServers.run(1) { servers in
            try await DriverSite.run { site in
                let began = ContinuousClock.now
                let apps = (0..<20).map { AppExamples.app("app\($0)", "1.0.0", ports: servers.ports) }
                for count in 1...20 {
                    let table = RoutingTable(apps: Array(apps.prefix(count)), domain: site.settings.current.domain)
                    _ = try await site.driver.apply(table, isServing: { _, _ in true })
                }
                try await site.apply(apps)
                let rounds = Int((.now - began) / HAProxyDriver.gathering)
                #expect(await site.driver.reloads <= 2 + rounds)
                for number in [0, 19] { #expect(try await site.get("app\(number).flock.test").status == 200) }
            }
        }
    }
}
