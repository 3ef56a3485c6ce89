import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

/// A request that comes while an app is being put to sleep, in each step of it: the scaler is stopped there, asked of,
/// and let go on.
@Suite(.serialized)
struct CalledOffTests {
    @Test(
        "a request before the kill cancels the sleep, and the same task answers it",
        arguments: [CrashPoint.scalerHeld, .scalerDrainAsked, .scalerDrained])
    func cancelled(_ point: CrashPoint) async throws {
        try await stopped(at: point) { site, app, scaler in
            let task = try await site.marathon.tasks(of: app.id).map(\.id)
            let load = LoadGenerator(port: site.webPort)
            async let answer = load.send(request(app))
            // Between hold and drain HAProxy still sends it to the task, which answers at once.
            if point != .scalerHeld {
                try await isHeld(app, load, site)
            }
            scaler.signal(SIGCONT)
            #expect(await answer)
            if point != .scalerHeld {
                // The scaler itself is soon stopped again, at its next try.
                try await eventually("the sleep is called off") {
                    let log = site.log("flock-scaler")
                    return log.contains("why=a request came") || log.contains("no longer")
                }
                #expect(try await site.marathon.tasks(of: app.id).map(\.id) == task && site.launches == 1)
            }
            let failures = await load.findings().failures
            #expect(failures.isEmpty, "\(failures)")
            await load.close()
        }
    }

    @Test(
        "a request after the kill is held, and wakes the app",
        arguments: [CrashPoint.scalerKillAsked, .scalerTasksGone, .scalerReleasing])
    func woken(_ point: CrashPoint) async throws {
        try await stopped(at: point) { site, app, scaler in
            let load = LoadGenerator(port: site.webPort)
            async let answer = load.send(request(app))
            try await isHeld(app, load, site)
            scaler.signal(SIGCONT)
            #expect(await answer)
            #expect(site.launches == 2)
            let failures = await load.findings().failures
            #expect(failures.isEmpty, "\(failures)")
            await load.close()
        }
    }

    @Test("a flock-haproxy, or a flock-backup, that was started again meanwhile has forgotten: the app is not killed")
    func forgotten() async throws {
        for daemon in ["flock-haproxy", "flock-backup"] {
            try await stopped(at: .scalerDrained) { site, app, scaler in
                try await site.kill9(daemon)
                try await site.start(daemon)
                try await site.isHealthy([.haproxy, .backup])
                scaler.signal(SIGCONT)
                try await eventually("the sleep is called off") { site.log("flock-scaler").contains("no longer") }
                #expect(site.launches == 1)
            }
        }
    }

    // MARK: Details

    /// Hands the test an app whose sleep has come to this point, and the scaler that is stopped there.
    private func stopped(
        at point: CrashPoint, _ test: (Site, EchoServer.Deployed, Binary) async throws -> Void
    ) async throws {
        try await Site.run(idleAfter: "1s") { site in
            try await site.kill9("flock-scaler")
            let app = try await EchoServer(in: site.folder).deploy(["echo"], to: site)[0]
            try await site.isServedByTask("app_echo_1_0_0")
            try await site.start("flock-scaler", fault: "stop:\(point.rawValue)")
            let scaler = try await site.process("flock-scaler")
            try await eventually("the scaler has come to \(point.rawValue)") { scaler.isStopped }
            do {
                try await test(site, app, scaler)
                scaler.signal(SIGCONT)
            } catch {
                scaler.signal(SIGCONT)
                throw error
            }
        }
    }

    /// Waits until the load's request is held; or answered, where the leases of the scaler that is stopped have ended.
    private func isHeld(_ app: EchoServer.Deployed, _ load: LoadGenerator, _ site: Site) async throws {
        try await eventually("it is held") {
            if try await site.requestsHeld(for: app.id) == 1 { return true }
            return await load.findings().answers.count == 1
        }
    }

    private func request(_ app: EchoServer.Deployed) -> LoadRequest {
        LoadRequest(host: app.host, path: "/", connection: .new, apps: [app.id])
    }
}
