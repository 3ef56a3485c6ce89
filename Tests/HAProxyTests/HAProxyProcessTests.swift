import FlockTesting
import Foundation
import HAProxy
import Testing

@Suite(.serialized) struct HAProxyProcessTests {
    @Test func startedDetachedAndStoppedWithoutATrace() async throws {
        let site = try await HAProxySite()
        defer { site.endLeftovers() }
        let process = try site.makeProcess()
        #expect(await !process.isRunning)
        #expect(await !process.adopt())
        try await process.start()
        #expect(await process.isRunning)
        let table = try await process.master.showProcesses()
        #expect(await process.pid == table.master.pid)
        #expect(table.master.reloads == 0)
        #expect(table.workers.map(\.old) == [false])
        #expect(try String(contentsOfFile: site.files.pidFile, encoding: .utf8) == "\(table.master.pid)\n")
        #expect(getsid(table.master.pid) == table.master.pid)
        let mode = try FileManager.default.attributesOfItem(atPath: site.files.masterSocket)[.posixPermissions]
        #expect((mode as? NSNumber)?.intValue == 0o600)
        #if os(Linux)
            let open = (0...2).map {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(table.master.pid)/fd/\($0)")
            }
            #expect(open == ["/dev/null", site.files.logFile, site.files.logFile])
        #endif

        let again = await #expect(throws: HAProxyError.self) { try await process.start() }
        #expect(again?.code == .alreadyRunning)

        try await process.stop(graceful: .seconds(5))
        #expect(await !process.isRunning)
        for pid in [table.master.pid] + table.workers.map(\.pid) {
            try await eventually("\(pid) is reaped") { !processExists(pid) }
        }
        #expect(!FileManager.default.fileExists(atPath: site.files.masterSocket))
        try await process.stop(graceful: .zero)

        try await process.start()
        #expect(await process.isRunning)
        try await process.stop(graceful: .zero)
        #expect(await !process.isRunning)
    }

    @Test func aNewOwnerAdoptsWhatAFormerOneStarted() async throws {
        try await HAProxySite.serving { site, process in
            let pid = await process.pid
            let successor = try site.makeProcess()
            #expect(await !successor.isRunning)
            #expect(await successor.adopt())
            #expect(await successor.pid == pid)
            try await successor.master.reload(confirm: .seconds(10))
            try await successor.stop(graceful: .seconds(5))
            #expect(await !process.isRunning)
        }
    }

    /// Nothing of ours is left but the socket's name, as after a crash.
    @Test func itOutlivesItsOwner() async throws {
        let site = try await HAProxySite()
        defer { site.endLeftovers() }
        var process: HAProxyProcess? = try site.makeProcess()
        try await process?.start()
        weak let former = process
        process = nil
        // The process that has just been started may still be noted.
        try await eventually("nobody has the former one") { former == nil }
        let successor = try site.makeProcess()
        #expect(await successor.adopt())
        #expect(try await site.get("/seed").status == 503)
        try await successor.stop(graceful: .seconds(5))
    }

    @Test func checkTellsTheLine() async throws {
        let site = try await HAProxySite()
        let process = try site.makeProcess()
        #expect(try await process.check().isEmpty)
        try site.folder.write("global\nfrontend f\n  bogus line\n", to: "bad.cfg")
        let bad = site.folder.file("bad.cfg")
        let error = await #expect(throws: HAProxyError.self) { try await process.check(configuration: bad) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("[\(bad):3]") == true)
        #expect(error?.message.contains("'bogus'") == true)
        #expect(error?.message.contains("[NOTICE]") == false)
        try site.folder.write(
            "defaults\n  mode http\nfrontend f\n  bind 127.0.0.1:1\n  default_backend nobody\n", to: "bad.cfg")
        let second = await #expect(throws: HAProxyError.self) { try await process.check(configuration: bad) }
        #expect(second?.message.contains("nobody") == true)
        #expect(!FileManager.default.fileExists(atPath: site.files.masterSocket))
    }

    @Test func aStartThatFailsTellsWhyAndLeavesNothing() async throws {
        let site = try await HAProxySite()
        defer { site.endLeftovers() }
        try site.writeConfiguration(adding: "  bogus line")
        let process = try site.makeProcess()
        let error = await #expect(throws: HAProxyError.self) { try await process.start() }
        #expect(error?.code == .startFailed)
        #expect(error?.message.contains("unknown keyword 'bogus'") == true)
        #expect(await !process.isRunning)

        try site.writeConfiguration()
        try await process.start()
        try await process.stop(graceful: .zero)
    }

    @Test func aSecondHAProxyCannotTakeThePort() async throws {
        try await HAProxySite.serving { site, _ in
            let folder = try TemporaryFolder()
            let second = try HAProxyProcess(
                files: HAProxyFiles(
                    configuration: site.files.configuration, masterSocket: folder.file("m.sock"),
                    pidFile: folder.file("pid"), logFile: folder.file("log")))
            let error = await #expect(throws: HAProxyError.self) { try await second.start() }
            #expect(error?.code == .startFailed)
            #expect(error?.message.contains("\(site.port)") == true)
        }
    }

    @Test func terminatedReturnsWhenTheMasterIsGone() async throws {
        try await HAProxySite.serving { site, process in
            let table = try await process.master.showProcesses()
            let waiting = Task { await process.terminated() }
            kill(table.master.pid, SIGKILL)
            await waiting.value
            #expect(await !process.isRunning)
            // Workers end by themselves when their master is gone.
            for worker in table.workers {
                try await eventually("\(worker.pid) follows its master") {
                    (try? await site.runtime.run([.showInfo], timeout: .seconds(1))) == nil
                }
            }
            try await process.start()
            #expect(await process.isRunning)
            #expect(await process.pid != table.master.pid)
        }
    }

    @Test func terminatedCanBeCancelled() async throws {
        try await HAProxySite.serving { _, process in
            let waiting = Task { await process.terminated() }
            waiting.cancel()
            await waiting.value
            #expect(await process.isRunning)
        }
    }

    @Test func aStoppedMasterIsKilled() async throws {
        let site = try await HAProxySite()
        defer { site.endLeftovers() }
        let process = try site.makeProcess()
        try await process.start()
        let table = try await process.master.showProcesses()
        kill(try #require(table.workers.first?.pid), SIGSTOP)
        try await process.stop(graceful: .milliseconds(10))
        for pid in [table.master.pid] + table.workers.map(\.pid) {
            #if os(Linux)
                let status = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
                #expect(status.isEmpty || status.contains(") Z "))
            #endif
        }
    }

    @Test func aProgramThatNeverAnswersIsEnded() async throws {
        let site = try await HAProxySite()
        let binary = try site.makeSilentProgram()
        let process = try HAProxyProcess(binary: binary, files: site.files)

        let late = await #expect(throws: HAProxyError.self) { try await process.start(deadline: .milliseconds(50)) }
        #expect(late?.code == .startFailed)
        #expect(await !process.isRunning)

        let starting = Task { try await process.start(deadline: .seconds(60)) }
        try await eventually("it runs") { await process.isRunning }
        let second = await #expect(throws: HAProxyError.self) { try await process.start() }
        #expect(second?.code == .alreadyRunning)
        starting.cancel()
        let cancelled = await #expect(throws: HAProxyError.self) { try await starting.value }
        #expect(cancelled?.code == .cancelled)
        #expect(await !process.isRunning)

        let check = await #expect(throws: HAProxyError.self) {
            try await process.check(deadline: .milliseconds(50))
        }
        #expect(check?.code == .timeout)
    }

    @Test func aGracefulStopLetsARequestEnd() async throws {
        let site = try await HAProxySite()
        defer { site.endLeftovers() }
        let process = try site.makeProcess()
        try await process.start()
        let client = try OpenRequest(port: site.port)
        defer { client.close() }
        try await eventually("the request has arrived") {
            try await site.runtime.statistics().contains { $0.proxy == "web" && $0.currentSessions == 1 }
        }
        let stopping = Task { try await process.stop(graceful: .seconds(30)) }
        try await eventually("the worker takes no more") { (try? await site.get()) == nil }
        #expect(await process.isRunning)
        client.close()
        try await stopping.value
        #expect(await !process.isRunning)
    }

    @Test func theProgramIsFound() throws {
        #expect(try HAProxyBinary.locate().hasSuffix("/haproxy"))
        #expect(try HAProxyBinary.locate(path: "").hasSuffix("/haproxy"))
        #expect(try HAProxyBinary.locate("/bin/sh") == "/bin/sh")
        for name in ["no-such-haproxy", "/no/such/haproxy", "/tmp"] {
            let error = #expect(throws: HAProxyError.self) { try HAProxyBinary.locate(name) }
            #expect(error?.code == .binaryNotFound)
        }
    }
}
