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
