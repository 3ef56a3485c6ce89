import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Testing

/// Programs that belong together are a group of Marathon's.
@Suite(.serialized)
struct GroupTests {
    @Test("a group of two: the dependency is there first, also when it sleeps; ids in a group wake, scale and sleep")
    func group() async throws {
        try await Site.run(settings: ["scaler.idleAfter=2s"]) { site in
            let web = try await site.makeApp(
                "web",
                files: HelloApp.files(
                    name: "web", version: "1.0.0", flock: #"{"group": "shop", "dependencies": ["db"]}"#))
            let early = try await web.push()
            #expect(early.contains("it depends on \"db\", of which there is no release"), "\(early)")
            #expect(try await site.flock(["deploys", "--json"]).output.contains("dependency_missing"))

            let db = try await site.makeApp(
                "db", files: HelloApp.files(name: "db", version: "1.0.0", flock: #"{"group": "shop"}"#))
            #expect(try await db.push().contains("release 1 is live"))
            try await eventually("db sleeps", within: .seconds(60)) {
                try await site.marathon.app("/shop/db-1.0.0")?.instances == 0
            }
            try await web.commit(["README": "again"])
            let late = try await web.push()
            #expect(late.contains("release 1 is live"), "\(late)")
            let app = try #require(try await site.marathon.app("/shop/web-1.0.0"))
            #expect(app.definition.dependencies == ["/shop/db-1.0.0"])
            // What Marathon says of the order is what its log has of launches.
            let launched = site.log("flock-engine").split(separator: "\n").filter { $0.contains("task launched") }
            let order = launched.compactMap { line in
                ["shop_db-1.0.0", "shop_web-1.0.0"].first { line.contains($0) }
            }
            // It was asleep, and is there again before what depends on it.
            let first = try #require(order.firstIndex(of: "shop_web-1.0.0"))
            #expect(first >= 2, "\(launched)")

            for host in ["web", "db"] {
                try await eventually("\(host) answers through HAProxy") {
                    let answer = try await site.request("\(host).flock.test")
                    return answer.status == 200 && answer.body.hasPrefix("1.0.0")
                }
            }
            try await eventually("both sleep", within: .seconds(60)) {
                let apps = try await site.marathon.apps().filter { $0.id.hasPrefix("/shop/") }
                return apps.count == 2 && apps.allSatisfy { $0.instances == 0 && $0.tasksRunning == 0 }
            }
            let woken = try await site.request("web-1-0-0.flock.test")
            #expect(woken.status == 200 && woken.headers.first(name: "X-Flock-Woke") != nil)
            #expect(try await site.flock(["logs", "web"]).isSuccess)
        }
    }
}
