import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Testing

/// No request is lost while apps sleep, wake, are deployed and HAProxy reloads. The load retries nothing.
@Suite(.serialized)
struct LoadTests {
    @Test("100 sleeps and wakes under 10,000 requests on kept and new connections, a third with bodies: none fails")
    func sleepWakeUnderLoad() async throws {
        try await Site.run(idleAfter: "400ms", settings: ["scaler.every=100ms"]) { site in
            let echo = try await EchoServer(in: site.folder)
            let apps = try await echo.deploy((0..<6).map { "app\($0)" }, to: site)
            // It would put it to sleep again before it has answered.
            try await site.kill9("flock-scaler")
            let bare = try await bareWakes(of: apps[0], site)
            try await site.start("flock-scaler")
            try await site.isHealthy([.scaler])

            let load = LoadGenerator(port: site.webPort)
            let launches = site.launches
            let isOver = Flag()
            await withDiscardingTaskGroup { group in
                for app in apps {
                    group.addTask { await visit(app, site, with: load, until: isOver) }
                }
                // What there is then is looked at below.
                try? await eventually("10,000 requests and 100 wakes", within: .seconds(900)) {
                    await load.findings().answers.count >= 10_000 && site.launches - launches >= 100
                }
                isOver.raise()
            }
            let report = await load.findings()
            await load.close()
            let median = bare.sorted()[bare.count / 2]
            // Two at once share the cores: each takes longer than one alone.
            let wakes = site.log("flock-backup").matches(of: /milliseconds=([0-9]+).*awake/)
                .compactMap { Int($0.1) }.sorted()
            let longest = wakes.last ?? 0
            print(
                """
                sleep and wake: \(report)
                  \(site.launches - launches) wakes, \(try await site.metric("flock_scaler_sleeps_total", of: .scaler)) \
                sleeps, \(try await site.metric("flock_scaler_disturbed_total", of: .scaler)) called off, \
                \(try await site.metric("flock_haproxy_reloads_total", of: .haproxy)) reloads
                  bare wake: median \(median.milliseconds) ms; slowest request − bare wake: \
                \((report.slowest - median).milliseconds) ms
                  wakes under this load: median \(wakes.isEmpty ? 0 : wakes[wakes.count / 2]) ms, longest \(longest) ms; \
                slowest request − longest wake: \((report.slowest - .milliseconds(longest)).milliseconds) ms
                """)
            #expect(report.failures.isEmpty, "\(report.failures.prefix(8).joined(separator: "\n"))")
            #expect(report.answers.count >= 10_000 && site.launches - launches >= 100)
        }
    }

    @Test("100 first requests at once: one start, 100 right answers")
    func manyFirstRequests() async throws {
        try await Site.run { site in
            let echo = try await EchoServer(in: site.folder)
            let app = try await echo.deploy(["app"], to: site)[0]
            try await site.sleep(app)
            let launches = site.launches
            let load = LoadGenerator(port: site.webPort)
            await withDiscardingTaskGroup { group in
                for number in 0..<100 {
                    group.addTask {
                        await load.send(
                            LoadRequest(
                                host: app.host, path: "/\(number)", body: number % 3 == 0 ? LoadBody.all[3] : nil,
                                connection: .new, apps: [app.id]))
                    }
                }
            }
            let report = await load.findings()
            print("100 first requests: \(report)")
            #expect(report.failures.isEmpty, "\(report.failures.prefix(8).joined(separator: "\n"))")
            #expect(report.answers.count == 100)
            #expect(site.launches - launches == 1)
        }
    }

    // MARK: Details

    /// A visitor who comes for a while and stays away for about as long as it takes to fall asleep. His first request
    /// is a long one, so that many are under way in the middle of it. Every other time he stays away until it sleeps.
    private func visit(_ app: EchoServer.Deployed, _ site: Site, with load: LoadGenerator, until isOver: Flag) async {
        var visits = 0
        // Not all at the same moment: that is another test.
        try? await Task.sleep(for: .milliseconds(.random(in: 0...1_200)))
        while !isOver.isRaised {
            let visit = Flag()
            let first = visits
            async let requests: Void = load.send(every: .milliseconds(20), until: visit) { number in
                var request = LoadRequest.varied(first + number, to: app)
                if number == 0 { request.wait = 100 }
                return request
            }
            try? await Task.sleep(for: .milliseconds(.random(in: 1_000...2_500)))
            visit.raise()
            await requests
            visits += 1
            guard visits % 2 == 0 else {
                try? await Task.sleep(for: .milliseconds(.random(in: 600...1_200)))
                continue
            }
            try? await eventually("\(app.id) sleeps") {
                try await site.marathon.app(app.id)?.instances == 0 || isOver.isRaised
            }
        }
    }

    /// From the word to Marathon to the app's own first answer, with neither HAProxy nor flock-backup.
    private func bareWakes(of app: EchoServer.Deployed, _ site: Site) async throws -> [Duration] {
        var wakes: [Duration] = []
        for _ in 0..<5 {
            try await site.sleep(app)
            let start = ContinuousClock.now
            _ = try await site.marathon.scale(app.id, to: 1)
            while ContinuousClock.now < start + .seconds(60) {
                if let task = try await site.marathon.tasks(of: app.id).first(where: \.isRunning),
                    await HealthProbe(http: site.http).ask(
                        nil, host: task.host, ports: task.ports, timeout: .seconds(1)) == nil
                {
                    break
                }
                try await Task.sleep(for: .milliseconds(1))
            }
            wakes.append(ContinuousClock.now - start)
        }
        return wakes
    }
}
