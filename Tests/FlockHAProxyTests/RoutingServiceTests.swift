import FlockCore
import FlockTesting
import Foundation
import Logging
import Marathon
import Synchronization
import Testing

@testable import FlockHAProxy

/// flock-haproxy in this process, with a real HAProxy, before a Marathon that does not answer as it should.
@Suite struct RoutingServiceTests {
    private struct Site {
        let service: RoutingService
        let port: Int

        /// The status that HAProxy answers with.
        func status(_ host: String) async throws -> String {
            try await FlockTesting.run(
                "curl",
                ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: \(host)", "http://127.0.0.1:\(port)/"]
            ).output
        }
    }

    private static func run(
        _ marathon: @escaping @Sendable (_ path: Substring) -> TinyServer.Answer, _ test: (Site) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let server = try await TinyServer { _, uri in marathon(uri.prefix { $0 != "?" }) }
        let ports = try await freePorts(3)
        var settings = try RenderedFilesTests.settings(.map)
        settings.domain = HostDomain("flock.test")!
        settings.marathon = [try #require(URL(string: "http://127.0.0.1:\(server.port)"))]
        settings.http.listen = ListenAddress(host: "127.0.0.1", port: ports[0])
        settings.stats.listen = ListenAddress(host: "127.0.0.1", port: ports[1])
        // Nobody is there: what is led to flock-backup fails.
        settings.backup.listen = ListenAddress(host: "127.0.0.1", port: ports[2])
        let service = try RoutingService(
            settings: LiveSettings(settings), state: StateFolder(folder.path),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await service.run() }
        let result: Result<Void, any Error>
        do {
            result = .success(try await test(Site(service: service, port: ports[0])))
        } catch {
            result = .failure(error)
        }
        running.cancel()
        try await running.value
        try await service.stopHAProxy()
        try await server.stop()
        try result.get()
    }

    private static func json(_ app: App) throws -> String {
        String(decoding: try JSONEncoder().encode(["apps": [app]]), as: UTF8.self)
    }

    private static func lease() -> Lease {
        Lease(holder: Lease.Holder("test")!, until: .now + .seconds(60))
    }

    private let lost = Health.failing("Marathon does not answer")

    @Test func `a Marathon that takes the question and says nothing is noticed while leases are short`() async throws {
        try await Self.run { _ in
            .silence
        } _: { site in
            // The connection itself would be given up after 35 s only.
            try await eventually("it says so", within: .seconds(25)) { await site.service.health() == lost }
        }
    }

    @Test func `a Marathon that hangs does not hold up what is drained and let go`() async throws {
        try await EchoServers.run(1) { servers in
            let app = AppExamples.app("one", "1.0.0", ports: servers.ports)
            let (json, hangs, asked) = (try Self.json(app), Flag(), Counter())
            try await Self.run { path in
                if path == "/v2/events" { return hangs.isRaised ? .head : .status(500) }
                guard hangs.isRaised else { return .ok(json) }
                asked.count()
                return .silence
            } _: { site in
                try await eventually("it is served") { try await site.status("one.flock.test") == "200" }
                let lease = Self.lease()
                try await eventually("it is drained") { (try? await site.service.drain(app.id, lease)) == true }
                #expect(try await site.status("one.flock.test") == "503")
                hangs.raise()
                try await eventually("Marathon was asked for all") { asked.value == 1 }
                await site.service.release(app.id, by: lease.holder)
                #expect(try await site.status("one.flock.test") == "200")
                #expect(asked.value == 1)
            }
        }
    }

    @Test func `while Marathon is away nothing is said to be drained`() async throws {
        let (json, asked) = (try Self.json(AppExamples.app("one", "1.0.0")), Counter())
        try await Self.run { path in
            guard path != "/v2/events" else { return .status(503) }
            asked.count()
            return asked.value == 1 ? .ok(json) : .status(503)
        } _: { site in
            try await eventually("it says so") { await site.service.health() == lost && asked.value > 0 }
            for _ in 0..<3 {
                await #expect(throws: (any Error).self) { try await site.service.drain("/one-1.0.0", Self.lease()) }
            }
        }
    }

    private final class Counter: Sendable {
        private let number = Mutex(0)
        var value: Int { number.withLock { $0 } }
        func count() { number.withLock { $0 += 1 } }
    }
}
