import FlockTesting
import Foundation
import HAProxy
import Testing

@Suite(.serialized) struct MasterSocketTests {
    @Test func aReloadIsConfirmed() async throws {
        try await HAProxySite.serving { site, process in
            let before = try await process.master.showProcesses()
            try site.writeConfiguration(adding: "backend added from d\n  server s1 127.0.0.1:1")
            let after = try await process.master.reload(confirm: .seconds(10))
            #expect(after.master.pid == before.master.pid)
            #expect(after.master.reloads == 1)
            #expect(after.master.failed == 0)
            let serving = after.workers.filter { !$0.old }
            #expect(serving.count == 1)
            #expect(serving[0].pid != before.workers[0].pid)
            // The former worker answers too until it has got its signal.
            try await eventually("the new one answers") {
                try await site.runtime.statistics(backendsOnly: true).contains { $0.proxy == "added" }
            }
            #expect(await process.isRunning)
        }
    }

    /// Without the wait for one another, the master swallows most of them.
    @Test func reloadsAtOnceRunOneAfterTheOther() async throws {
        try await HAProxySite.serving { _, process in
            let tables = try await withThrowingTaskGroup(of: ProcessTable.self) { group in
                for _ in 0..<5 {
                    group.addTask { try await process.master.reload(confirm: .seconds(10)) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(tables.map(\.master.reloads).sorted() == [1, 2, 3, 4, 5])
        }
    }

    @Test func aBadFileIsReportedAndTheFormerWorkerServes() async throws {
        try await HAProxySite.serving { site, process in
            try await site.runtime.run([
                .setServer(backend: .app, server: .s1, address: site.task),
                .setState(backend: .app, server: .s1, .ready),
            ])
            let before = try await process.master.showProcesses()
            try site.writeConfiguration(adding: "  bogus line")
            for _ in 1...2 {
                let error = await #expect(throws: HAProxyError.self) {
                    try await process.master.reload(confirm: .seconds(10))
                }
                #expect(error?.code == .reloadFailed)
                #expect(try await site.get().body == "task")
            }
            let failed = try await process.master.showProcesses()
            #expect(failed.master.failed == 2)
            #expect(failed.workers.map(\.pid) == before.workers.map(\.pid))

            try site.writeConfiguration()
            let after = try await process.master.reload(confirm: .seconds(10))
            #expect(after.master.failed == 0)
            #expect(after.master.reloads == 3)
        }
    }

    @Test func anOldWorkerStillTellsItsSessions() async throws {
        try await HAProxySite.serving { site, process in
            // A request whose head isn't whole keeps its session in the first worker.
            let client = try OpenRequest(port: site.port)
            defer { client.close() }
            let first = try #require(try await process.master.showProcesses().workers.first?.pid)
            try await eventually("the request has arrived") {
                try await site.runtime.statistics().contains { $0.proxy == "web" && $0.currentSessions == 1 }
            }
            let after = try await process.master.reload(confirm: .seconds(10))
            #expect(after.workers.filter(\.old).map(\.pid) == [first])
            let rows = try await process.master.statistics(of: first)
            #expect(rows.first { $0.proxy == "web" }?.currentSessions == 1)
            try await eventually("the new one answers") {
                try await site.runtime.statistics().first { $0.proxy == "web" }?.currentSessions == 0
            }

            let refused = await #expect(throws: HAProxyError.self) {
                try await process.master.run(on: first, .setState(backend: .app, server: .s1, .ready))
            }
            #expect(refused?.code == .refused)
            client.close()
            try await eventually("the old worker ends") {
                try await process.master.showProcesses().workers.allSatisfy { !$0.old }
            }
            let gone = await #expect(throws: HAProxyError.self) { try await process.master.run(on: first, .showInfo) }
            #expect(gone?.code == .refused)
        }
    }

    @Test func noMaster() async throws {
        let master = MasterSocket(path: "/tmp/none.sock")
        let shown = await #expect(throws: HAProxyError.self) { try await master.showProcesses() }
        #expect(shown?.code == .unreachable)
        let reloaded = await #expect(throws: HAProxyError.self) { try await master.reload(confirm: .seconds(1)) }
        #expect(reloaded?.code == .unreachable)
    }

    @Test func aReloadThatIsNotConfirmedSaysSo() async throws {
        try await HAProxySite.serving { _, process in
            let pid = try #require(await process.pid)
            kill(pid, SIGSTOP)
            defer { kill(pid, SIGCONT) }
            let error = await #expect(throws: HAProxyError.self) {
                try await process.master.reload(confirm: .milliseconds(50))
            }
            #expect(error?.code == .timeout)
        }
    }
}
