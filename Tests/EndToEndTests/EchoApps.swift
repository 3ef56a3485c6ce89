import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Testing

extension EchoServer {
    /// An app that runs it.
    struct Deployed: Sendable {
        var slug: String

        var id: String { "/\(slug)-1.0.0" }
        var host: String { "\(slug).flock.test" }
    }

    /// Gives apps to Marathon, and waits until each answers through HAProxy.
    func deploy(_ slugs: [String], to site: Site, instances: Int = 1) async throws -> [Deployed] {
        let apps = slugs.map(Deployed.init)
        for app in apps {
            let answer = try await site.engine(
                .PUT, "/v2/apps\(app.id)", try definition(slug: app.slug, instances: instances))
            #expect(answer.status == 201, "\(answer)")
        }
        for app in apps {
            try await eventually("\(app.id) answers") {
                try await site.request(app.host).body.hasPrefix("\(app.id) GET / 0")
            }
        }
        return apps
    }
}

extension Site {
    /// Scales the app to zero by Marathon's plain API, and waits until its tasks are gone.
    func sleep(_ app: EchoServer.Deployed) async throws {
        // The lock of a deployment that is just ending is in the way for a moment.
        try await eventually("\(app.id) is scaled") {
            (try? await marathon.scale(app.id, to: 0)) != nil
        }
        try await eventually("the tasks of \(app.id) are gone") { try await marathon.tasks(of: app.id).isEmpty }
    }
}

extension LoadRequest {
    /// GETs and, every third, a POST with a body of up to 1 MB, some of which take a while, over kept and new connections.
    static func varied(_ number: Int, to app: EchoServer.Deployed) -> LoadRequest {
        LoadRequest(
            host: app.host, path: number % 5 == 4 ? "/\(number)?wait=\(number % 4 * 10)" : "/\(number)",
            body: number % 3 == 2 ? LoadBody.all[number / 3 % LoadBody.all.count] : nil,
            connection: number % 4 == 3 ? .new : .kept, apps: [app.id])
    }
}
