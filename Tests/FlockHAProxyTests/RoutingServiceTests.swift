import FlockCore
import FlockTesting
import Foundation
import HAProxy
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

        /// The ports of the tasks that answer so many requests.
        func servingPorts(_ host: String, of requests: Int) async throws -> [Int] {
            var ports: [Int] = []
            for _ in 0..<requests {
                let body = try await FlockTesting.run(
                    "curl", ["-s", "-H", "Host: \(host)", "http://127.0.0.1:\(port)/"]
                ).output
                ports.append(try JSONDecoder().decode(EchoServers.Seen.self, from: Data(body.utf8)).port)
            }
            return ports
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

    @Test func `tasks that are named get nothing new, what runs on them goes on and is told, and others serve`()
        async throws
    {
        try await EchoServers.run(2) { servers in
            let app = AppExamples.app("one", "1.0.0", ports: servers.ports)
            let tasks = (app.tasks ?? []).map(\.id)
            let json = try Self.json(app)
            try await Self.run { path in
                path == "/v2/events" ? .status(500) : .ok(json)
            } _: { site in
                let lease = Self.lease()
                func report() async throws -> DrainReport {
                    try await site.service.drainReport(app.id, for: lease.holder)
                }
                try await eventually("both serve") {
                    guard try await site.status("one.flock.test") == "200" else { return false }
                    return Set(try await site.servingPorts("one.flock.test", of: 8)) == Set(servers.ports)
                }
                // A request that does not end: its body is not whole.
                let open = try await RawConnection.open(port: site.port)
                try await open.send("POST / HTTP/1.1\r\nHost: one.flock.test\r\nContent-Length: 9\r\n\r\n1".utf8)
                try await eventually("one task has it") { try await report().tasks.values.sorted() == [0, 1] }
                let busy = try #require(try await report().tasks.first { $0.value == 1 }?.key)
                let quiet = try #require(tasks.first { $0 != busy })

                try await eventually("it is drained") { try await site.service.drain(app.id, tasks: [busy], lease) }
                let port = try #require((app.tasks ?? []).first { $0.id == quiet }?.ports.first)
                #expect(try await site.servingPorts("one.flock.test", of: 8) == Array(repeating: port, count: 8))
                try await eventually("one is under way") { try await report().tasks == [busy: 1, quiet: 0] }
                #expect(try await report().isDraining)
                try await open.send("23456789".utf8)
                try await eventually("it is answered") { open.text.hasPrefix("HTTP/1.1 200") }
                open.close()
                try await eventually("nothing is under way") { try await report().tasks == [busy: 0, quiet: 0] }

                await site.service.release(app.id, by: lease.holder)
                #expect(Set(try await site.servingPorts("one.flock.test", of: 8)) == Set(servers.ports))
            }
        }
    }

    @Test func `what is at a server of no task counts for every task`() {
        var slots = SlotTable()
        let backend = HAProxyName(literal: "app_a")
        let address = AddressToken(ip: "127.0.0.1", port: 1)!
        slots.grow(backend, to: 4)
        slots.assign([("one", address, true), ("two", address, true)], to: backend)
        let sessions = BackendSessions(["s1": 2, "s2": 0, "s4": 1], slots: slots.backends[backend] ?? [])
        #expect(sessions.all == 3 && sessions.byTask == ["one": 3, "two": 1])
    }

    @Test func `while Marathon is away nothing is said to be drained`() async throws {
        let (json, asked) = (try Self.json(AppExamples.app("one", "1.0.0")), Counter())
        try await Self.run { path in
            guard path != "/v2/events" else { return .status(503) }
            asked.count()
            return asked.value == 1 ? .ok(json) : .status(503)
        } _: { site in
            // The first answer may come after the events were refused, and ends what that began.
            try await eventually("it says so") {
                guard asked.value > 1 else { return false }
                return await site.service.health() == lost
            }
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
