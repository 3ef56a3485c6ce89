import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Testing

/// Each process of the protocols of sleeping and waking is killed at each of its gaps, under visitors: the app ends up
/// serving. Requests are GETs on connections of their own; nothing but HAProxy tries one again.
@Suite
struct CrashTests {
    /// What is going on when the process dies.
    enum Moment: Sendable {
        /// The app is being put to sleep, and is asked for as soon as the process is dead.
        case sleeping
        /// The app sleeps, and is asked for.
        case waking
        /// The app is awake and asked for all the time, and gets another check path, which HAProxy has to be reloaded for.
        case reloading
    }

    struct Fault: Sendable, CustomStringConvertible {
        var point: CrashPoint
        var moment: Moment

        var description: String { "\(point.rawValue), \(moment)" }
    }

    // One site after the other would take minutes; a site for each daemon is as much as two cores bear.

    @Test func `the scaler dies while it puts an app to sleep`() async throws {
        try await run(
            "flock-scaler",
            [
                .scalerHeld, .scalerDrainAsked, .scalerDrained, .scalerKillAsked, .scalerTasksGone, .scalerReleasing,
            ].map { Fault(point: $0, moment: .sleeping) })
    }

    @Test func `flock-backup dies while it holds, wakes and forwards`() async throws {
        try await run(
            "flock-backup",
            [
                Fault(point: .backupHeld, moment: .sleeping), Fault(point: .backupWaking, moment: .waking),
                Fault(point: .backupWoken, moment: .waking), Fault(point: .backupForwarding, moment: .waking),
            ])
    }

    @Test func `flock-haproxy dies while it drains, releases, changes and reloads`() async throws {
        try await run(
            "flock-haproxy",
            [
                Fault(point: .haproxyLeased, moment: .sleeping), Fault(point: .haproxyCommanded, moment: .sleeping),
                Fault(point: .haproxyReleasing, moment: .sleeping), Fault(point: .haproxyCommanded, moment: .waking),
                Fault(point: .haproxyWritten, moment: .reloading), Fault(point: .haproxyReloaded, moment: .reloading),
            ])
    }

    @Test func `the engine dies after it wrote a change down`() async throws {
        try await run(
            "flock-engine",
            [Fault(point: .engineStored, moment: .sleeping), Fault(point: .engineStored, moment: .waking)])
    }

    private func run(_ daemon: String, _ faults: [Fault]) async throws {
        try await Site.run(idleAfter: "500ms") { site in
            let app = try await EchoServer(in: site.folder).deploy(["echo"], to: site)[0]
            for fault in faults {
                let failures = try await pass(fault, daemon, app, site)
                #expect(failures.isEmpty, "\(fault): \(failures)")
            }
        }
    }

    /// - Returns: what went wrong with requests.
    private func pass(
        _ fault: Fault, _ daemon: String, _ app: EchoServer.Deployed, _ site: Site
    ) async throws -> [String] {
        let (load, isOver, isStarted) = (LoadGenerator(port: site.webPort), Flag(), Flag())
        if fault.moment == .waking { isStarted.raise() }
        // Or it might sleep before there is anybody to die of it.
        async let early: Void = visit(app, load, from: nil, until: isStarted)
        defer { isStarted.raise() }
        switch fault.moment {
        case .sleeping, .reloading: try await site.isServedByTask("app_echo_1_0_0")
        case .waking: try await eventually("it sleeps") { try await site.marathon.tasks(of: app.id).isEmpty }
        }
        try await site.kill9(daemon)
        try await site.start(daemon, fault: fault.point.rawValue)
        let process = try await site.process(daemon)
        isStarted.raise()
        await early
        // Nobody else could answer.
        if daemon == "flock-backup" && fault.moment == .waking { try await site.isHealthy([.backup]) }

        async let visitors: Void = visit(app, load, from: fault.moment == .sleeping ? process : nil, until: isOver)
        defer { isOver.raise() }
        if fault.moment == .reloading {
            try await eventually("\(app.id) gets another check") {
                try await site.engine(.PUT, "/v2/apps\(app.id)", Self.check("/\(fault.point)")).status == 200
            }
        }
        try await eventually("\(daemon) dies at \(fault)") { !process.isRunning }
        try await site.start(daemon)
        try await site.isHealthy()
        let before = await load.findings().answers.count
        try await eventually("requests are answered again") { await load.findings().answers.count > before + 20 }
        isOver.raise()
        await visitors
        if fault.moment == .reloading {
            try await eventually("HAProxy has the other check") {
                try await site.metric("flock_haproxy_reloads_total", of: .haproxy) > 0
            }
        }
        let report = await load.findings()
        await load.close()
        print("\(fault): \(report.answers.count) requests, slowest \(report.slowest), \(report.failures.count) failed")
        return report.failures
    }

    private static func check(_ path: String) -> String {
        #"{"healthChecks": [{"protocol": "HTTP", "path": "\#(path)", "gracePeriodSeconds": 60, "intervalSeconds": 5}]}"#
    }

    private func request(_ app: EchoServer.Deployed) -> LoadRequest {
        LoadRequest(host: app.host, path: "/x", connection: .new, apps: [app.id])
    }

    /// A request every 30 ms.
    /// - Parameter process: whose end is waited for.
    private func visit(
        _ app: EchoServer.Deployed, _ load: LoadGenerator, from process: Binary?, until isOver: Flag
    ) async {
        while let process, process.isRunning, !isOver.isRaised { try? await Task.sleep(for: .milliseconds(2)) }
        await load.send(every: .milliseconds(30), until: isOver) { _ in self.request(app) }
    }
}
