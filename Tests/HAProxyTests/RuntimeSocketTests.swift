import FlockTesting
import Foundation
import HAProxy
import Testing

@Suite(.serialized) struct RuntimeSocketTests {
    @Test func statisticsOfARealHAProxy() async throws {
        try await HAProxySite.serving { site, _ in
            let rows = try await site.runtime.statistics()
            #expect(
                rows.map { "\($0.kind) \($0.proxy)/\($0.server)" }.sorted() == [
                    "backend app/BACKEND", "backend other/BACKEND", "frontend task/FRONTEND", "frontend web/FRONTEND",
                    "server app/s1", "server app/s2",
                ])
            #expect(try await site.runtime.statistics(backendsOnly: true).map(\.proxy).sorted() == ["app", "other"])

            try await site.runtime.run([
                .setServer(backend: .app, server: .s1, address: site.task),
                .setState(backend: .app, server: .s1, .ready),
            ])
            #expect(try await site.get().status == 200)
            try await eventually("the session is counted") {
                let rows = try await site.runtime.statistics(backendsOnly: true)
                return rows.contains {
                    $0.proxy == "app" && $0.totalSessions == 1 && $0.lastSession != nil && $0.currentSessions == 0
                        && $0.status == "UP" && $0.activeServers == 1
                }
            }
        }
    }

    @Test func aServerSetReadyGetsRequestsUntilItIsDrained() async throws {
        try await HAProxySite.serving { site, _ in
            #expect(try await site.get().status == 503)
            let answers = try await site.runtime.run([
                .setServer(backend: .app, server: .s1, address: site.task),
                .setState(backend: .app, server: .s1, .ready),
                .setServer(backend: .app, server: .s1, address: site.task),
            ])
            #expect(answers.count == 3)
            #expect(answers[1].isEmpty)
            let reply = try await site.get()
            #expect(reply.status == 200)
            #expect(reply.body == "task")

            for (condition, status) in [(ServerCondition.drain, 503), (.ready, 200), (.maint, 503)] {
                try await site.runtime.run([.setState(backend: .app, server: .s1, condition)])
                let servers = try await site.runtime.servers(of: .app)
                #expect(servers.map(\.server) == ["s1", "s2"])
                #expect(servers[0].condition == condition)
                #expect(servers[0].address == site.task)
                #expect(servers[1].condition == .maint)
                #expect(try await site.get().status == status)
            }
        }
    }

    @Test func anIPv6Server() async throws {
        try await HAProxySite.serving { site, _ in
            let address = AddressToken("[::1]:31000")!
            try await site.runtime.run([.setServer(backend: .app, server: .s2, address: address)])
            #expect(try await site.runtime.servers()[1].address == address)
        }
    }

    @Test func mapEntriesAreAddedSetAndDeleted() async throws {
        try await HAProxySite.serving { site, _ in
            #expect(try await site.runtime.map(site.map) == [MapEntry(key: "/seed", value: "app")])
            let key = MapToken("/x")!
            #expect(try await site.get("/x").status == 503)
            try await site.runtime.run([.addMap(path: site.map, key: key, value: MapToken("other")!)])
            #expect(try await site.get("/x").body == "other")
            try await site.runtime.run([.setMap(path: site.map, key: key, value: MapToken("app")!)])
            #expect(try await site.get("/x").status == 503)
            #expect(try await site.runtime.map(site.map).last == MapEntry(key: "/x", value: "app"))
            try await site.runtime.run([.delMap(path: site.map, key: key), .delMap(path: site.map, key: key)])
            #expect(try await site.runtime.map(site.map).map(\.key) == ["/seed"])
        }
    }

    @Test func manyCommandsOnOneConnection() async throws {
        try await HAProxySite.serving { site, _ in
            let keys = (0..<1_000).map { MapToken("/key\($0)")! }
            let commands = keys.map { RuntimeCommand.addMap(path: site.map, key: $0, value: MapToken("other")!) }
            let answers = try await site.runtime.run(commands + [.showMap(path: site.map)])
            #expect(answers.count == 1_001)
            #expect(try MapEntry.entries(in: answers[1_000]).dropFirst().map(\.key) == keys.map(\.rawValue))
        }
    }

    @Test func refusalsNameTheCommandAndDoNotStopTheRest() async throws {
        try await HAProxySite.serving { site, _ in
            let nobody = HAProxyName("nobody")!
            let commands: [RuntimeCommand] = [
                .setState(backend: .app, server: nobody, .ready),
                .setServer(backend: nobody, server: .s1, address: site.task),
                .setMap(path: site.map, key: MapToken("absent")!, value: MapToken("v")!),
                .showMap(path: PathToken("/absent.map")!),
                .addMap(path: PathToken("/absent.map")!, key: MapToken("k")!, value: MapToken("v")!),
                .showServersState(backend: nobody),
                .setState(backend: .app, server: .s2, .drain),
                .showInfo,
            ]
            let answers = try await site.runtime.answers(to: commands)
            #expect(answers.map { $0.refusal?.code } == Array(repeating: .refused, count: 6) + [nil, nil])
            #expect(try await site.runtime.servers(of: .app)[1].condition == .drain)

            let error = await #expect(throws: HAProxyError.self) { try await site.runtime.run(commands) }
            #expect(error?.operation == "set server app/nobody state ready")
            #expect(error?.message == "No such server.")
        }
    }

    @Test func nobodyAtTheSocket() async throws {
        let folder = try TemporaryFolder()
        let error = await #expect(throws: HAProxyError.self) {
            try await RuntimeSocket(path: folder.file("none.sock")).run([.showInfo])
        }
        #expect(error?.code == .unreachable)
        let tooLong = await #expect(throws: HAProxyError.self) {
            try await RuntimeSocket(path: folder.file(String(repeating: "x", count: 200))).run([.showInfo])
        }
        #expect(tooLong?.code == .unreachable)
    }

    /// A stopped process accepts connections and says nothing.
    @Test func aSilentPeerTimesOutAndCanBeCancelled() async throws {
        try await HAProxySite.serving { site, process in
            let worker = try #require(try await process.master.showProcesses().workers.first?.pid)
            kill(worker, SIGSTOP)
            defer { kill(worker, SIGCONT) }
            let error = await #expect(throws: HAProxyError.self) {
                try await site.runtime.run([.showInfo], timeout: .milliseconds(50))
            }
            #expect(error?.code == .timeout)
            #expect(error?.operation == "show info")

            let task = Task { try await site.runtime.run([.showInfo], timeout: .seconds(60)) }
            task.cancel()
            let cancelled = await #expect(throws: HAProxyError.self) { try await task.value }
            #expect(cancelled?.code == .cancelled)
        }
    }

    @Test func noCommandsNeedNoHAProxy() async throws {
        #expect(try await RuntimeSocket(path: "/nonexistent").run([]).isEmpty)
    }
}
