import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

/// The same version pushed again.
@Suite(.serialized)
struct RedeployTests {
    @Test("a deploy that was interrupted while it was verified, and then fails, puts back what was there before it")
    func interrupted() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            let before = try #require(try await site.marathon.app("/hello-1.0.0"))

            try await site.kill9("flock-hook")
            try await site.start("flock-hook", fault: CrashPoint.hookSubmitted.rawValue)
            try await site.isHealthy([.hook])
            try await program.commit(HelloApp.files(version: "1.0.0", start: "exit 3"))
            try await program.push()
            try await site.process("flock-hook").waitUntilExit()
            #expect(try await site.marathon.app("/hello-1.0.0")?.definition.cmd == "exit 3")

            try await site.start("flock-hook")
            try await eventually("the deploy has failed", within: .seconds(60)) {
                try await site.flock(["deploys"]).output.contains("failed")
            }
            let after = try #require(try await site.marathon.app("/hello-1.0.0"))
            #expect(after.definition.cmd == before.definition.cmd && after.labels == before.labels)
            try await eventually("the former one answers") {
                try await site.request("hello.flock.test").body.hasPrefix("1.0.0")
            }
        }
    }

    @Test("a version that is put to sleep before it has come up is woken, and goes live")
    func asleepTooSoon() async throws {
        try await Site.run { site in
            let mayListen = Flag()
            let gate = try await TinyServer { _, _ in .status(mayListen.isRaised ? 200 : 503) }
            var files = HelloApp.files(version: "1.0.0")
            files["server.js"] = """
                const ask = () => fetch("http://127.0.0.1:\(gate.port)/").then((answer) => {
                  if (answer.status === 200) require("./listen.js"); else setTimeout(ask, 50);
                });
                ask();

                """
            files["listen.js"] = HelloApp.server
            let program = try await site.makeApp("hello", files: files)
            async let pushed = program.push()
            try await eventually("it is started") { try await site.marathon.app("/hello-1.0.0")?.tasksRunning == 1 }
            _ = try await site.marathon.scale("/hello-1.0.0", to: 0, force: true)
            mayListen.raise()
            #expect(try await pushed.contains("release 1 is live"))
            #expect(try await site.request("hello.flock.test").body.hasPrefix("1.0.0"))
            try await gate.stop()
        }
    }

    @Test("a deploy to a sleeping app starts one instance, checks it, and lets it sleep again")
    func asleep() async throws {
        try await Site.run(idleAfter: "2s") { site in
            let files = HelloApp.files(version: "1.0.0", flock: #"{"instances": 2}"#)
            let program = try await site.makeApp("hello", files: files)
            try await program.push()
            try await site.isAsleep("/hello-1.0.0")
            let launches = site.launches
            try await program.commit(["other": "file"])
            #expect(try await program.push().contains("release 2 is live"))
            #expect(site.launches == launches + 1)
            try await site.isAsleep("/hello-1.0.0")
            #expect(try await site.request("hello.flock.test").body.hasPrefix("1.0.0"))
        }
    }
}

extension Site {
    fileprivate func isAsleep(_ id: String) async throws {
        try await eventually("\(id) is asleep") {
            guard let app = try await marathon.app(id) else { return false }
            return app.instances == 0 && app.tasks?.isEmpty != false
        }
    }
}
