import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

/// HAProxy and what steers it come back as they should. The load retries nothing.
@Suite(.serialized)
struct RecoveryTests {
    /// Instances are the tests' own.
    private static let unscaled = ["scaler.every=1h"]

    /// Which of HAProxy's processes are killed.
    enum Victims: String, CaseIterable { case all, worker, master }

    @Test(
        "HAProxy is killed with -9 under load: it comes back with the tasks there are then", arguments: Victims.allCases
    )
    func haproxyKilled(victims: Victims) async throws {
        try await Site.run(settings: Self.unscaled) { site in
            let echo = try await EchoServer(in: site.folder)
            let apps = try await echo.deploy(["first", "second"], to: site, instances: 2)
            try await site.isServedDirectly(apps, tasks: 4)

            let load = LoadGenerator(port: site.webPort)
            let isOver = Flag()
            async let requests: Void = load.send(every: .milliseconds(10), until: isOver) { number in
                LoadRequest.varied(number, to: apps[number % 2])
            }
            try await eventually("load") { await load.findings().answers.count > 50 }
            let old = try site.haproxies()
            let killed = ContinuousClock.now
            for process in old where victims == .all || process.isMaster == (victims == .master) {
                kill(process.pid, SIGKILL)
            }
            // Who knew the old tasks only would be wrong now.
            for pid in try site.processes(of: apps[0].id) { kill(pid, SIGKILL) }
            let visitor = LoadGenerator(port: site.webPort)
            try await eventually("HAProxy is another") {
                try site.haproxies().contains { !old.map(\.pid).contains($0.pid) && !$0.isMaster }
            }
            try await eventually("it answers") {
                await visitor.send(LoadRequest(host: apps[1].host, path: "/", connection: .new, apps: [apps[1].id]))
            }
            let away = ContinuousClock.now - killed
            isOver.raise()
            await requests
            let during = await load.findings()
            await load.close()
            print("\(victims.rawValue) of HAProxy killed: back after \(away.milliseconds) ms; \(during)")
            // A connection that is refused or broken off, but never a wrong answer.
            #expect(
                during.failures.allSatisfy { !$0.contains("status") && !$0.contains("wrong") }, "\(during.failures)")
            try await eventually("none of the old processes is left") {
                try site.haproxies().allSatisfy { !old.map(\.pid).contains($0.pid) }
            }

            try await site.isServedDirectly(apps, tasks: 4)
            let after = LoadGenerator(port: site.webPort)
            for number in 0..<300 { await after.send(LoadRequest.varied(number, to: apps[number % 2])) }
            let report = await after.findings()
            await after.close()
            #expect(report.failures.isEmpty, "\(report.failures.prefix(8).joined(separator: "\n"))")
        }
    }

    @Test("flock-haproxy is away while tasks die, move and sleep: GETs are answered, and it returns without a reload")
    func flockHAProxyAway() async throws {
        try await Site.run(settings: Self.unscaled) { site in
            let echo = try await EchoServer(in: site.folder)
            let apps = try await echo.deploy(["dies", "moves", "grows", "sleeps"], to: site, instances: 2)
            try await site.isServedDirectly(apps, tasks: 8)
            let old = Set(try site.haproxies().map(\.pid))

            try await site.kill9("flock-haproxy")
            let load = LoadGenerator(port: site.webPort)
            @Sendable func requests(until isOver: Flag) async {
                await load.send(every: .milliseconds(10), until: isOver) { number in
                    var request = LoadRequest.varied(number, to: apps[number % 4])
                    request.body = nil
                    return request
                }
            }
            /// Under a load that has been answered when it ends: a request outlives one task, not two.
            func round(_ change: () async throws -> Void) async throws {
                let (isOver, count) = (Flag(), await load.findings().answers.count)
                async let answered: Void = requests(until: isOver)
                defer { isOver.raise() }
                try await eventually("load") { await load.findings().answers.count > count + 20 }
                try await change()
                for app in apps { #expect(try await site.request(app.host).status == 200) }
                isOver.raise()
                await answered
            }
            for _ in 0..<3 {
                try await round {
                    let before = try site.processes(of: apps[0].id)
                    for pid in before { kill(pid, SIGKILL) }
                    try await eventually("both are other processes") {
                        try site.processes(of: apps[0].id).subtracting(before).count == 2
                    }
                }
            }
            try await round {
                try await site.scale(apps[1], to: 1)
                try await eventually("one is left") { try site.processes(of: apps[1].id).count == 1 }
                try await site.scale(apps[1], to: 3)
                try await site.scale(apps[2], to: 4)
            }
            for _ in 0..<3 {
                try await round {
                    let launches = site.launches(of: apps[3].id)
                    try await site.scale(apps[3], to: 0)
                    // The load does not let it sleep for long.
                    try await eventually("is awake again") { site.launches(of: apps[3].id) > launches }
                }
            }
            let counts = [2, 3, 4, 1]
            for (app, count) in zip(apps, counts) {
                try await eventually("\(app.id) has \(count) tasks") {
                    try site.processes(of: app.id).count == count
                }
            }
            try await round {
                try await site.start("flock-haproxy")
                try await site.isHealthy()
                try await site.isServedDirectly(apps, tasks: 10)
            }
            let report = await load.findings()
            await load.close()
            print("flock-haproxy away: \(report)")
            #expect(report.failures.isEmpty, "\(report.failures.prefix(8).joined(separator: "\n"))")
            #expect(try await site.metric("flock_haproxy_reloads_total", of: .haproxy) == 0)
            // A worker of before the load may have ended meanwhile.
            #expect(old.isSuperset(of: try site.haproxies().map(\.pid)))
        }
    }
}
