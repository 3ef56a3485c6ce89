import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Testing

/// Instances follow the load, with real HAProxy, engine and tasks.
@Suite(.serialized)
struct ScalingTests {
    /// Windows so short that a test sees all of it.
    static let short = ["window: 2s", "burstWindow: 1s", "scaleDownDelay: 1s", "idleAfter: 2s"].joined(separator: ", ")
    /// Five requests at once each, six at most.
    static let six = #"{"max":6,"concurrency":5}"#

    static var assignments: [String] {
        short.split(separator: ", ").map { "scaler." + $0.replacing(": ", with: "=") }
    }

    enum Disturbance: String, CaseIterable { case none, reload }

    @Test(
        "1, 40, then 3 requests at once, then none: instances follow up, down and to zero, and no request fails",
        arguments: Disturbance.allCases)
    func followLoad(disturbance: Disturbance) async throws {
        try await Site.run(settings: Self.assignments) { site in
            let echo = try await EchoServer(in: site.folder)
            let app = try await echo.deploy(["app"], to: site, scale: Self.six)[0]
            let load = LoadGenerator(port: site.webPort)
            let (few, many) = (Flag(), Flag())
            async let first: Void = load.visits(1, to: app, until: few)
            try await eventually("some are answered") { await load.findings().answers.count > 5 }
            #expect(try await site.marathon.app(app.id)?.instances == 1)
            async let third: Void = load.visits(2, to: app, until: few)
            async let rest: Void = load.visits(37, to: app, until: many)
            try await site.has(app, instances: 6...6)
            try await eventually("six serve") { try await site.serversThatServe() == 6 }
            if disturbance == .reload { _ = try await echo.deployWithReload("other", to: site) }
            let before = await load.findings().answers.count
            try await eventually("they are answered") { await load.findings().answers.count > before + 100 }
            try await site.has(app, instances: 6...6)
            many.raise()
            await rest
            try await site.has(app, instances: 1...3)
            few.raise()
            await first
            await third
            try await site.isAsleep(app)
            let report = await load.findings()
            await load.close()
            print("1, 40, 3 and no requests at once, \(disturbance): \(report)")
            #expect(report.failures.isEmpty, "\(report.failures.prefix(8).joined(separator: "\n"))")
            try await eventually("its decisions are told") {
                let rules = try await site.decisions(about: app.id).map(\.rule)
                return rules.contains("max") && rules.contains("idle") && rules.last == "asleep"
            }
        }
    }

    @Test("where there is room for three of six, a load gets three, and they go when it is gone")
    func noRoom() async throws {
        try await Site.run(settings: Self.assignments + ["engine.cpus=1.6"]) { site in
            let app = try await EchoServer(in: site.folder).deploy(["app"], to: site, scale: Self.six)[0]
            let load = LoadGenerator(port: site.webPort)
            let isOver = Flag()
            async let visitors: Void = load.visits(40, to: app, until: isOver)
            try await site.has(app, instances: 6...6)
            try await eventually("three serve") { try await site.serversThatServe() == 3 }
            isOver.raise()
            await visitors
            try await site.isAsleep(app)
            let report = await load.findings()
            await load.close()
            #expect(report.failures.isEmpty, "\(report.failures.prefix(8).joined(separator: "\n"))")
        }
    }

    @Test(
        "one of two HAProxy nodes dies under load: what it carried counts, and nothing is taken away",
        arguments: [true, false])
    func nodeDies(comesBack: Bool) async throws {
        try await SecondNode.run { site, node in
            try await node.start()
            try await site.kill9("flock-scaler")
            let settings = "every: 200ms, \(Self.short)"
            try await OwnScaler.run(site, node.linesOfScaler(settings, reaching: true)) { scaler in
                let app = try await EchoServer(in: site.folder).deploy(["app"], to: site, scale: Self.six)[0]
                let (own, other) = (LoadGenerator(port: site.webPort), LoadGenerator(port: node.webPort))
                try await eventually("the other node serves it") {
                    await other.send(LoadRequest(host: app.host, path: "/", connection: .new, apps: [app.id]))
                }
                let isOver = Flag()
                async let visitors: Void = own.visits(6, to: app, until: isOver)
                // So long that they are under way when it dies.
                async let others: Void = other.visits(
                    6, host: app.host, apps: [app.id], wait: 20_000, until: isOver)
                try await site.has(app, instances: 4...6)
                try await eventually("it counts those of both") { try await scaler.sessions(of: app.id) ?? 0 > 8 }

                for daemon in SecondNode.daemons { try await node.kill9(daemon) }
                for process in try site.haproxies(of: node.state) { kill(process.pid, SIGKILL) }
                await others
                isOver.raise()
                await visitors
                #expect(await own.findings().failures.isEmpty)
                try await eventually("it is missed") {
                    try await scaler.decisions(about: app.id).last?.rule == "stale-node"
                }
                let instances = try await site.marathon.app(app.id)?.instances ?? 0
                try await eventually("only what the dead node carried is left") {
                    (1...6).contains(try await scaler.sessions(of: app.id) ?? 0)
                }
                try await scaler.looks(40)
                #expect((1...6).contains(try await scaler.sessions(of: app.id) ?? 0))
                #expect(try await site.marathon.app(app.id)?.instances == instances && instances > 1)
                #expect(await !scaler.isHealthy())

                if comesBack {
                    try await node.start()
                } else {
                    try scaler.change(node.linesOfScaler(settings, reaching: false))
                }
                try await site.isAsleep(app)
                try await eventually("it can do its job again") { await scaler.isHealthy() }
                await own.close()
                await other.close()
            }
        }
    }

    @Test("a scaler that was restarted leaves what is there for one window")
    func restarted() async throws {
        try await Site.run(settings: Self.assignments + ["scaler.idleAfter=1h"]) { site in
            let app = try await EchoServer(in: site.folder).deploy(["app"], to: site, scale: Self.six)[0]
            try await site.kill9("flock-scaler")
            try await site.scale(app, to: 4)
            try await eventually("four run") { try await site.marathon.tasks(of: app.id).count == 4 }
            try await site.start("flock-scaler")
            try await site.has(app, instances: 1...1)
            let decisions = try await site.decisions(about: app.id)
            let floor = try #require(decisions.first { $0.rule == "floor" })
            let change = try #require(decisions.first { $0.action != "keep" })
            // The times are of whole seconds.
            #expect(floor.wanted == 4 && change.at.timeIntervalSince(floor.at) >= 1, "\(decisions)")
        }
    }

    @Test("while a deployment of an app runs nothing is done about it, and what its load needs comes after it")
    func deploying() async throws {
        try await Site.run(settings: Self.assignments) { site in
            let echo = try await EchoServer(in: site.folder)
            let app = try await echo.deploy(["app"], to: site, scale: Self.six)[0]
            let load = LoadGenerator(port: site.webPort)
            let isOver = Flag()
            async let one: Void = load.visits(1, to: app, until: isOver)
            let version = try await site.marathon.app(app.id)?.version
            // Its new version never gets healthy.
            let path = "/v2/apps\(app.id)?force=true"
            #expect(try await site.engine(.PUT, path, #"{"cmd": "exec sleep 1000"}"#).status == 200)
            async let rest: Void = load.visits(20, to: app, until: isOver)
            try await eventually("more is wanted") {
                let last = try await site.decisions(about: app.id).last
                return last?.rule == "deploying" && last?.wanted == 6
            }
            let looks = try await site.metric("flock_scaler_looks_total", of: .scaler)
            try await eventually("the scaler has looked again and again") {
                try await site.metric("flock_scaler_looks_total", of: .scaler) > looks + 20
            }
            let deploying = try await site.marathon.app(app.id)
            #expect(deploying?.instances == 1 && deploying?.deployments.isEmpty == false)
            #expect(deploying?.version != version)
            #expect(try await site.metric("flock_scaler_changes_total", of: .scaler) == 0)
            #expect(!site.log("flock-scaler").contains("not scaled"))

            #expect(try await site.engine(.PUT, path, #"{"cmd": "exec ./echo"}"#).status == 200)
            try await site.has(app, instances: 6...6)
            isOver.raise()
            await one
            await rest
            try await site.isAsleep(app)
            let report = await load.findings()
            await load.close()
            #expect(report.failures.isEmpty, "\(report.failures.prefix(8).joined(separator: "\n"))")
        }
    }

    @Test("the same version pushed again under load: the number of instances is not reset")
    func redeployed() async throws {
        // It may be that nobody asks for some seconds.
        let patient = ["scaler.scaleDownDelay=60s", "scaler.idleAfter=1h"]
        try await Site.run(settings: Self.assignments + patient) { site in
            func files(_ remark: String) -> [String: String] {
                var files = EchoApp.files(version: "1.0.0")
                files["package.json"] = """
                    {"name": "hello", "version": "1.0.0", "scripts": {"start": "node server.js"}, "checks": [{"path": "/"}],
                     "flock": {"cpus": 0.5, "scale": {"max": 4, "concurrency": 5}}}

                    """
                files["remark"] = remark
                return files
            }
            let program = try await site.makeApp("hello", files: files("first"))
            try await program.push()
            let id = "/hello-1.0.0"
            let load = LoadGenerator(port: site.webPort)
            let isOver = Flag()
            async let visitors: Void = load.visits(12, host: "hello.flock.test", apps: [id], until: isOver)
            try await eventually("more run") { try await site.marathon.app(id)?.instances ?? 0 >= 3 }
            try await eventually("they serve") { try await site.serversThatServe() >= 3 }
            let version = try await site.marathon.app(id)?.version

            try await program.commit(files("second"))
            async let push = program.push()
            try await eventually("another version is deployed", within: .seconds(90)) {
                let app = try #require(try await site.marathon.app(id))
                #expect(app.instances >= 3)
                return app.version != version && app.labels["FLOCK_RELEASE"] == "2" && app.deployments.isEmpty
            }
            #expect(try await push.contains("is live"))
            #expect(try await site.marathon.app(id)?.instances ?? 0 >= 3)
            isOver.raise()
            await visitors
            let report = await load.findings()
            await load.close()
            print("redeployed under load: \(report)")
            #expect(report.failures.isEmpty, "\(report.failures.prefix(8).joined(separator: "\n"))")
        }
    }

    @Test("what the calendar, or min, keeps awake does not sleep, and wakes without a request; a former version sleeps")
    func keptAwake() async throws {
        try await Site.run(idleAfter: "1s") { site in
            for (name, scale, rule) in [
                ("calendar", #""awake": ["daily 00:00-24:00 Europe/Madrid"]"#, "schedule"),
                ("least", #""min": 1"#, "load"),
            ] {
                let flock = "{\"scale\": {\(scale)}}"
                let program = try await site.makeApp(
                    name, files: HelloApp.files(name: name, version: "1.0.0", flock: flock))
                try await program.push()
                try await program.commit(HelloApp.files(name: name, version: "2.0.0", flock: flock))
                try await program.push()
                try await eventually("the former version sleeps") {
                    try await site.marathon.app("/\(name)-1.0.0")?.instances == 0
                }
                try await eventually("it stays awake") {
                    let last = try await site.decisions(about: "/\(name)-2.0.0").last
                    return last?.action == "keep" && last?.rule == rule
                }
                let launches = site.launches(of: "/\(name)-2.0.0")
                let former = site.launches(of: "/\(name)-1.0.0")
                // Before it was released it was kept awake by nothing.
                #expect(launches <= 2)
                try await site.scale(EchoServer.Deployed(slug: name, version: "2.0.0"), to: 0)
                try await eventually("it is woken") { site.launches(of: "/\(name)-2.0.0") > launches }
                #expect(try await site.marathon.app("/\(name)-1.0.0")?.instances == 0)
                #expect(site.launches(of: "/\(name)-1.0.0") == former)
                try await eventually("it is told") {
                    site.log("flock-scaler").contains("app=/\(name)-2.0.0 from=0 to=1")
                }
            }
            #expect(try await site.metric("flock_backup_wakes_total", of: .backup) == 0)
        }
    }
}

extension LoadGenerator {
    /// So many visitors at once, each of whom asks again when he is answered, until the flag is raised or he is let down.
    /// - Parameters:
    ///   - body: of each request; without one they GET, and HAProxy asks another task when one ends under a request.
    ///   - wait: how many milliseconds the app takes over each.
    func visits(
        _ visitors: Int, host: String, apps: Set<String>, body: LoadBody? = nil, wait: Int = 300, until isOver: Flag
    ) async {
        await withDiscardingTaskGroup { group in
            for visitor in 0..<visitors {
                group.addTask {
                    var number = 0
                    while !isOver.isRaised && !Task.isCancelled {
                        let request = LoadRequest(
                            host: host, path: "/\(visitor)/\(number)", wait: wait, body: body, apps: apps)
                        guard await self.send(request) else { return }
                        number += 1
                    }
                }
            }
        }
    }

    func visits(_ visitors: Int, to app: EchoServer.Deployed, until isOver: Flag) async {
        await visits(visitors, host: app.host, apps: [app.id], until: isOver)
    }
}

extension Site {
    /// Waits until Marathon has as many instances of the app.
    func has(_ app: EchoServer.Deployed, instances: ClosedRange<Int>) async throws {
        var last = 0
        try await eventually("\(app.id) has \(instances) instances", or: "but \(last)") {
            last = try await marathon.app(app.id)?.instances ?? 0
            return instances.contains(last)
        }
    }

    /// Waits until the app is at zero and its tasks are gone.
    func isAsleep(_ app: EchoServer.Deployed) async throws {
        try await has(app, instances: 0...0)
        try await eventually("the tasks of \(app.id) are gone") { try await marathon.tasks(of: app.id).isEmpty }
    }
}
