import FlockCore
import FlockTesting
import Marathon
import NIOHTTP1
import Testing

extension LoadTests {
    @Test("five changes of one app's configuration under a load of POSTs: its tasks are replaced, no request fails")
    func replacedInPlace() async throws {
        try await Site.run { site in
            let app = try await EchoServer(in: site.folder).deploy(["app"], to: site, instances: 2)[0]
            let load = LoadGenerator(port: site.webPort)
            let isOver = Flag()
            async let visitors: Void = load.visits(
                12, host: app.host, apps: [app.id], body: LoadBody.all[2], wait: 100, until: isOver)
            for number in 0..<5 {
                let tasks = Set(try await site.marathon.tasks(of: app.id).map(\.id))
                // Past the lock of a deployment that is just ending.
                try await eventually("change \(number) is taken") {
                    let change = #"{"env": {"NUMBER": "\#(number)"}}"#
                    return try await site.engine(.PUT, "/v2/apps\(app.id)", change).status == 200
                }
                try await eventually("its tasks are replaced") {
                    let now = try #require(try await site.marathon.app(app.id))
                    return now.deployments.isEmpty && now.tasks?.count == 2
                        && tasks.isDisjoint(with: (now.tasks ?? []).map(\.id))
                }
            }
            isOver.raise()
            await visitors
            let report = await load.findings()
            await load.close()
            print("replaced in place: \(report)")
            #expect(report.failures.isEmpty, "\(report.failures.prefix(8).joined(separator: "\n"))")
        }
    }

    @Test("ten deploys under load: no request fails, and each new version takes over")
    func tenDeploys() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: EchoApp.files(version: "1.0.0"))
            try await program.push()
            let versions = 0...10
            let apps = Set(versions.map { "/hello-1.0.\($0)" })
            try await eventually("it answers") { try await site.request("hello.flock.test").status == 200 }

            let load = LoadGenerator(port: site.webPort)
            let isOver = Flag()
            async let requests: Void = load.send(every: .milliseconds(10), until: isOver) { number in
                LoadRequest.varied(number, host: "hello.flock.test", apps: apps)
            }
            for version in versions.dropFirst() {
                try await program.commit(EchoApp.files(version: "1.0.\(version)"))
                let push = try await program.push()
                #expect(push.contains("is live"), "\(push)")
                try await eventually("version \(version) answers") {
                    try await site.request("hello.flock.test").body.hasPrefix("/hello-1.0.\(version) ")
                }
            }
            isOver.raise()
            await requests
            let report = await load.findings()
            await load.close()
            print(
                "ten deploys: \(report), \(try await site.metric("flock_haproxy_reloads_total", of: .haproxy)) reloads")
            #expect(report.failures.isEmpty, "\(report.failures.prefix(8).joined(separator: "\n"))")
        }
    }
}
