import FlockTesting
import Foundation
import Marathon
import Testing

/// Programs that are an image which was built elsewhere.
@Suite(.serialized)
struct ImageTests {
    @Test(
        "flock.image: an app with container.docker and no build, which the embedded engine lets wait; a Dockerfile alone is an error"
    )
    func image() async throws {
        try await Site.run(settings: ["hook.healthTimeout=60s"]) { site in
            let program = try await site.makeApp(
                "shop", files: ["Dockerfile": "FROM node", "package.json": #"{"name": "shop"}"#])
            let alone = try await program.attempt(["push", "flock", "main"]).output
            #expect(alone.contains("Dockerfile: is not built here") && alone.contains("image_missing"), "\(alone)")
            try await program.commit([
                "package.json":
                    #"{"name": "shop", "dependencies": {"a": "1"}, "flock": {"image": "shop:1.0.1", "mem": 64}}"#
            ])
            async let push = program.push()
            try await eventually("Marathon has it") { try await site.marathon.app("/shop-0.0.0") != nil }
            let app = try #require(try await site.marathon.app("/shop-0.0.0"))
            #expect(app.definition.container?.docker?.image == "shop:1.0.1")
            #expect(app.tasksRunning == 0)
            #expect(try await site.marathon.queue().contains { $0.app?.id == "/shop-0.0.0" })
            // The deploy would wait for its check.
            _ = try await site.marathon.delete("/shop-0.0.0")
            try await site.kill9("flock-hook")
            _ = try? await push
        }
    }
}
