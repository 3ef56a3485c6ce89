import FlockCore
import FlockTesting
import Testing

extension LoadTests {
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
