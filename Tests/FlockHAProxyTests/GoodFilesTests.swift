import FlockCore
import FlockTesting
import Foundation
import Testing

@testable import FlockHAProxy

/// The files that HAProxy starts with, and those it falls back to.
@Suite struct GoodFilesTests {
    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func `files that HAProxy has not taken are not kept as good ones`() async throws {
        try await EchoServers.run(2) { servers in
            try await DriverSite.run { site in
                func app(_ port: Int) -> RoutingTable {
                    RoutingTable(
                        apps: [AppExamples.app("one", "1.0.0", ports: [port])], domain: site.settings.current.domain)
                }
                try await site.apply([AppExamples.app("one", "1.0.0", ports: [servers.ports[0]])])
                let good = site.paths.lastGood(site.paths.configuration)
                let sound = site.settings.current
                var broken = sound
                broken.http.listen = ListenAddress(host: "no-such-host.invalid", port: 1)
                site.settings.replace(with: broken)
                // The member changes at once, the listener with a reload that is to come.
                let outcome = try await site.driver.apply(app(servers.ports[1])) { _, _ in true }
                #expect(outcome != .applied)
                try await site.driver.save()
                #expect(try text(site.paths.configuration).contains("no-such-host"))
                #expect(try !text(good).contains("no-such-host"))
                #expect(try await site.get("one.flock.test").status == 200)

                // What HAProxy has taken is kept.
                site.settings.replace(with: sound)
                _ = try await site.driver.apply(app(servers.ports[0])) { _, _ in true }
                try await site.driver.save()
                #expect(try text(good) == text(site.paths.configuration))
                #expect(try text(good).contains(":\(servers.ports[0]) "))
            }
        }
    }

    @Test func `a start whose files name a port that is somebody else's by now begins with none`() async throws {
        let other = try await TinyServer { _, _ in .ok("not HAProxy") }
        try await EchoServers.run(1) { servers in
            try await DriverSite.run { site in
                let apps = [AppExamples.app("one", "1.0.0", ports: servers.ports)]
                try await site.apply(apps)
                try await site.driver.stop()
                for path in [site.paths.configuration, site.paths.lastGood(site.paths.configuration)] {
                    let stale = try text(path).replacing(
                        "bind 127.0.0.1:\(site.port)", with: "bind 127.0.0.1:\(other.port)")
                    #expect(stale.contains(":\(other.port)"))
                    try stale.write(toFile: path, atomically: true, encoding: .utf8)
                }
                try await site.driver.start()
                #expect(site.log.text.contains("beginning with none"))
                try await site.apply(apps)
                #expect(try await site.get("one.flock.test").status == 200)
            }
        }
        try await other.stop()
    }
}
