import FlockTesting
import Foundation
import Testing

/// What an app's environment refers to.
@Suite(.serialized)
struct SecretsTests {
    @Test("secrets of the settings and keys of Consul get into the environment, and into no log; the catalogue is told")
    func environment() async throws {
        let keys = [
            "service/hello/COLOUR": "violet", "service/hello/database/url": "postgres://x",
            "service/hello/not-a-name": "x",
        ]
        let consul = try await ConsulServer(keys: keys, token: "cons0l")
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/secrets/hello", withIntermediateDirectories: true)
        try "s3cret\n".write(toFile: "\(folder.path)/secrets/hello/API_KEY", atomically: true, encoding: .utf8)
        try "cons0l\n".write(toFile: "\(folder.path)/token", atomically: true, encoding: .utf8)
        let settings = [
            "hook.secrets.folder=\(folder.path)/secrets", "hook.consul.url=http://127.0.0.1:\(consul.port)",
            "hook.consul.token.file=\(folder.path)/token", "hook.consul.register=10.0.0.5:80",
        ]
        try await Site.run(settings: settings) { site in
            var files = HelloApp.files(
                version: "1.0.0",
                flock: """
                    {"env": {"KEY": {"secret": "API_KEY"}, "DATABASE": {"consul": "database/url"}, "PLAIN": "p"}}
                    """)
            files["server.js"] = """
                const { KEY, DATABASE, PLAIN, COLOUR } = process.env;
                require("node:http").createServer((request, response) =>
                  response.end([KEY, DATABASE, PLAIN, COLOUR].join(" "))).listen(process.env.PORT, process.env.HOST);
                """
            let program = try await site.makeApp("hello", files: files)
            let push = try await program.push()
            #expect(push.contains("release 1 is live"), "\(push)")
            try await eventually("it answers") {
                try await site.request("hello.flock.test").body == "s3cret postgres://x p violet"
            }
            for secret in ["s3cret", "postgres://x", "cons0l"] {
                #expect(!push.contains(secret))
                for daemon in Site.daemons { #expect(!site.log(daemon).contains(secret), "\(daemon)") }
                #expect(try await !site.flock(["deploys", "show", "1"]).output.contains(secret))
            }
            #expect(
                consul.registered.count == 1 && consul.registered[0].contains(#""Service":"hello""#),
                "\(consul.registered)")

            files["package.json"] = files["package.json"]?.replacingOccurrences(of: "API_KEY", with: "OTHER")
            try await program.commit(files)
            let unknown = try await program.push()
            #expect(
                unknown.contains("there is no secret \"OTHER\"") && unknown.contains("secrets/hello/OTHER"),
                "\(unknown)")
        }
        try await consul.stop()
    }
}
