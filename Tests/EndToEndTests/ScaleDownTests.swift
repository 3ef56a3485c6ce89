import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

/// Instances are taken away under load, with real HAProxy, engine and tasks.
@Suite(.serialized)
struct ScaleDownTests {
    @Test("a load of POSTs, slow ones among them, rises and falls three times: no request fails")
    func fallingLoad() async throws {
        try await Site.run(settings: ScalingTests.assignments + ["scaler.idleAfter=1h"]) { site in
            let echo = try await EchoServer(in: site.folder)
            let app = try await echo.deploy(["app"], to: site, scale: ScalingTests.six)[0]
            let load = LoadGenerator(port: site.webPort)
            let isOver = Flag()
            async let slow: Void = load.posts(1, to: app, wait: 1500, until: isOver)
            async let few: Void = load.posts(2, to: app, wait: 20, until: isOver)
            for time in 0..<3 {
                let many = Flag()
                async let rest: Void = load.posts(30, to: app, wait: 300, until: many)
                try await site.has(app, instances: 6...6)
                try await eventually("six serve") { try await site.serversThatServe(of: "app_app_1_0_0") == 6 }
                // What an old worker of HAProxy carries then is waited for too.
                if time == 1 { _ = try await echo.deployWithReload("other", to: site) }
                many.raise()
                await rest
                try await site.has(app, instances: 1...2)
            }
            isOver.raise()
            await slow
            await few
            let report = await load.findings()
            await load.close()
            print(
                """
                POSTs under a load that falls: \(report)
                  \(try await site.metric("flock_scaler_changes_total", of: .scaler)) changes, \
                \(site.log("flock-scaler").components(separatedBy: "not scaled down").count - 1) called off
                """)
            #expect(report.failures.isEmpty, "\(report.failures.prefix(8).joined(separator: "\n"))")
        }
    }

    @Test("a task with a websocket stays, and another one goes; where each has one, all stay till one is closed")
    func websockets() async throws {
        try await Site.run(settings: ScalingTests.assignments + ["scaler.idleAfter=1h"]) { site in
            try await site.kill9("flock-scaler")
            var files = WebSocket.files(name: "chat")
            files["package.json"] = """
                {"name": "chat", "version": "1.0.0", "scripts": {"start": "node server.js"}, "checks": [{"path": "/"}],
                 "flock": {"instances": 3}}

                """
            let program = try await site.makeApp("chat", files: files)
            try await program.push()
            let id = "/chat-1.0.0"
            try await eventually("three serve") { try await site.serversThatServe() == 3 }
            let first = try await WebSocket(host: "chat.flock.test", port: site.webPort)
            let second = try await WebSocket(host: "chat.flock.test", port: site.webPort)
            try await eventually("each is on a task of its own") {
                try await site.statistics().filter { $0[0] == "app_chat_1_0_0" && $0[1].hasPrefix("s") && $0[4] == "1" }
                    .count == 2
            }
            try await site.start("flock-scaler")
            try await eventually("the third goes") { try await site.marathon.app(id)?.instances == 2 }
            try await eventually("no other goes") {
                try await site.decisions(about: id).contains { $0.prevented?.contains("do not end") == true }
            }
            #expect(try await site.marathon.app(id)?.instances == 2)
            try await first.echo("still there")
            try await second.echo("still there")

            first.close()
            try await eventually("its task goes") { try await site.marathon.tasks(of: id).count == 1 }
            try await second.echo("there to the end")
            #expect(!second.isCut)
            second.close()
        }
    }

    @Test("a scaler that dies between drain and kill leaves all instances serving")
    func dies() async throws {
        try await Site.run(settings: ScalingTests.assignments + ["scaler.idleAfter=1h"]) { site in
            try await site.kill9("flock-scaler")
            let app = try await EchoServer(in: site.folder).deploy(["app"], to: site, scale: ScalingTests.six)[0]
            try await site.scale(app, to: 4)
            try await eventually("four serve") { try await site.serversThatServe() == 4 }
            let load = LoadGenerator(port: site.webPort)
            let isOver = Flag()
            async let visitors: Void = load.posts(2, to: app, wait: 20, until: isOver)
            try await site.start("flock-scaler", fault: CrashPoint.scalerShrinking.rawValue)
            try await site.process("flock-scaler").waitUntilExit()
            try await eventually("its drain is over") { try await site.serversThatServe() == 4 }
            #expect(try await site.marathon.tasks(of: app.id).count == 4)

            try await site.start("flock-scaler")
            try await site.has(app, instances: 1...1)
            isOver.raise()
            await visitors
            let failures = await load.findings().failures
            await load.close()
            #expect(failures.isEmpty, "\(failures.prefix(8).joined(separator: "\n"))")
        }
    }
}

extension LoadGenerator {
    /// So many visitors at once who POST, of whom each does so again when he is answered.
    fileprivate func posts(_ visitors: Int, to app: EchoServer.Deployed, wait: Int, until isOver: Flag) async {
        await visits(visitors, host: app.host, apps: [app.id], body: LoadBody.all[2], wait: wait, until: isOver)
    }
}
