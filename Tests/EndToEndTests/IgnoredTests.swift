import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Testing

/// Uptime probes and crawlers, with all daemons.
struct IgnoredTests {
    @Test("a probe neither keeps an app awake nor wakes it, and is answered in its stead; a visitor does both")
    func probe() async throws {
        try await Site.run(idleAfter: "1s") { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            try await eventually("it serves") { try await site.request("hello.flock.test").status == 200 }
            func probe() async throws -> (status: Int, state: String?) {
                let answer = try await site.request("hello.flock.test", headers: ["User-Agent": "UptimeRobot/2.0"])
                return (answer.status, answer.headers.first(name: "X-Flock-State"))
            }
            try await eventually("it sleeps under its probe") {
                let answer = try await probe()
                #expect(answer.status == 200)
                // On the way there a sleep may still be called off.
                let instances = try await site.marathon.app("/hello-1.0.0")?.instances
                let tasks = try await site.marathon.tasks(of: "/hello-1.0.0")
                return answer.state == "asleep" && instances == 0 && tasks.isEmpty
            }
            // Or it might sleep again before the last of these is answered.
            try await site.kill9("flock-scaler")
            let launches = site.log("flock-engine").components(separatedBy: "task launched").count
            for _ in 0..<5 { #expect(try await probe().state == "asleep") }
            #expect(site.log("flock-engine").components(separatedBy: "task launched").count == launches)

            #expect(try await site.request("hello.flock.test").body == "1.0.0 GET 0")
            #expect(try await probe().state == nil)
        }
    }
}
