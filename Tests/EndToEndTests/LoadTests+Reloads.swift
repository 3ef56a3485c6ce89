import FlockCore
import FlockTesting
import Marathon
import Testing

extension LoadTests {
    @Test("ten reloads under load on kept connections, busy ones and idle ones: no request fails")
    func reloadsUnderKeepAlive() async throws {
        try await Site.run { site in
            let echo = try await EchoServer(in: site.folder)
            let app = try await echo.deploy(["app"], to: site)[0]
            let reloads = try await site.metric("flock_haproxy_reloads_total", of: .haproxy)
            let busy = LoadGenerator(port: site.webPort)
            // Its connections are idle for longer than a reload takes, so that they meet old workers.
            let rare = LoadGenerator(port: site.webPort)
            let isOver = Flag()
            async let often: Void = busy.send(every: .milliseconds(10), until: isOver) { number in
                var request = LoadRequest.varied(number, to: app)
                request.connection = .kept
                return request
            }
            async let seldom: Void = withDiscardingTaskGroup { group in
                for visitor in 0..<10 {
                    group.addTask {
                        await rare.send(every: .seconds(2), until: isOver) { number in
                            LoadRequest(
                                host: app.host, path: "/\(visitor)/\(number)", wait: 20,
                                body: number % 3 == 2 ? LoadBody.all[4] : nil, apps: [app.id])
                        }
                    }
                }
            }
            for number in 0..<10 { _ = try await echo.deployWithReload("other\(number)", to: site) }
            isOver.raise()
            await often
            await seldom
            let reports = (await busy.findings(), await rare.findings())
            await busy.close()
            await rare.close()
            let count = try await site.metric("flock_haproxy_reloads_total", of: .haproxy) - reloads
            print("\(count) reloads: \(reports.0)\n  seldom: \(reports.1)")
            #expect(count >= 10)
            let failures = reports.0.failures + reports.1.failures
            #expect(failures.isEmpty, "\(failures.prefix(8).joined(separator: "\n"))")
        }
    }

    @Test(
        "an app sleeps while idle connections are on an old HAProxy worker: their next requests get its own answer",
        arguments: ["map", "acl"])
    func sleepBehindOldWorker(style: String) async throws {
        // So few ports that another app gets the one that the sleeping app had.
        let ports = freePortRange(3)
        let range = "engine.ports=\(ports.lowerBound)-\(ports.upperBound)"
        try await Site.run(settings: [range, "http.style=\(style)"]) { site in
            let echo = try await EchoServer(in: site.folder)
            let apps = try await echo.deploy(["first", "second"], to: site, options: #"{"sticky":true}"#)
            try await site.isServedDirectly(apps, tasks: 2)
            let load = LoadGenerator(port: site.webPort)
            func ask() async {
                await withDiscardingTaskGroup { group in
                    for number in 0..<6 {
                        group.addTask {
                            var request = LoadRequest(
                                host: apps[0].host, path: "/\(number)", wait: 100,
                                body: number % 2 == 0 ? nil : LoadBody.all[3], apps: [apps[0].id])
                            if number > 2 { request.cookie = "FLOCK_SERVER=s1" }
                            await load.send(request)
                        }
                    }
                }
            }
            await ask()
            let before = await load.findings()
            let port = try await site.marathon.tasks(of: apps[0].id).first?.ports
            // The reload makes the worker of those connections an old one.
            let third = try await echo.deployWithReload("third", to: site)
            try await site.sleep(apps[0])
            try await eventually("the other app has its port") {
                try await site.sleep(third)
                #expect(try await site.request(third.host).status == 200)
                return try await site.marathon.tasks(of: third.id).first?.ports == port
            }
            await ask()
            let report = await load.findings()
            await load.close()
            print("behind an old worker, \(style): \(report)")
            // HAProxy closes what is idle for half a minute.
            if report.elapsed - before.elapsed < .seconds(25) {
                #expect(report.kept - before.kept >= before.answers.count - before.kept)
            }
            #expect(report.failures.isEmpty, "\(report.failures.joined(separator: "\n"))")
        }
    }

    @Test("in acl style, where HAProxy checks flock-backup, an app that sleeps wakes too")
    func wakesInACLStyle() async throws {
        try await Site.run(settings: ["http.style=acl"]) { site in
            let app = try await EchoServer(in: site.folder).deploy(["app"], to: site)[0]
            try await site.sleep(app)
            try await eventually("HAProxy has looked at flock-backup") {
                try await site.statistics().contains {
                    $0[1] == "server_backup_1" && !["", "INI"].contains($0[36].replacing("* ", with: ""))
                }
            }
            let answer = try await site.request(app.host)
            #expect(answer.status == 200, "\(answer)")
        }
    }
}
