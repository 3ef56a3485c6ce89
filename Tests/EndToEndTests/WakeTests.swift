import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Testing

/// How an app is woken, by the real daemons behind a real HAProxy.
@Suite(.serialized)
struct WakeTests {
    @Test("50 requests that wait for an app of concurrency 5 reach its fresh task five at a time, each says it woke")
    func pacedRelease() async throws {
        try await Site.run { site in
            let gate = try await Gate(isOpen: true)
            var files = HelloApp.files(version: "1.0.0", flock: #"{"scale": {"concurrency": 5}}"#)
            // Up again when all 50 wait. Says how many it serves at once.
            files["server.js"] = """
                const http = require("node:http");
                let busy = 0, most = 0;
                const server = http.createServer((request, response) => {
                  if (request.url === "/health") return response.end();
                  if (request.url === "/most") return response.end(`${most}`);
                  most = Math.max(most, ++busy);
                  setTimeout(() => { busy--; response.end("served"); }, 50);
                });
                const listen = () => server.listen(process.env.PORT, process.env.HOST);
                \(gate.passing("listen()"))

                """
            let program = try await site.makeApp("hello", files: files)
            #expect(try await program.push().contains("is live"))
            try await eventually("it answers") { try await site.request("hello.flock.test").status == 200 }
            gate.close()
            _ = try await site.marathon.scale("/hello-1.0.0", to: 0)
            try await eventually("it is at zero") { try await site.marathon.tasks(of: "/hello-1.0.0").isEmpty }

            async let answers = withThrowingTaskGroup(of: (Int, String?).self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let answer = try await site.request("hello.flock.test", "/\(number)")
                        return (answer.status, answer.headers.first(name: "X-Flock-Woke"))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            try await eventually("all wait") { try await site.requestsHeld(for: "/hello-1.0.0") == 50 }
            gate.open()
            let seen = try await answers
            try await gate.stop()
            #expect(seen.allSatisfy { $0.0 == 200 }, "\(seen)")
            #expect(seen.allSatisfy { $0.1.flatMap { Int($0) } != nil }, "\(seen)")
            #expect(try await site.request("hello.flock.test", "/most").body == "5")
        }
    }

    @Test("an app that crashes is started once, answered with its reason meanwhile, and served as soon as it is mended")
    func failingApp() async throws {
        try await Site.run { site in
            func definition(_ command: String) -> String {
                #"""
                {"cmd": "\#(command)", "cpus": 0.1, "mem": 64, "instances": 0, "portDefinitions": [{"port": 0}],
                 "labels": {"FLOCK_APP": "broken", "FLOCK_VERSION": "1.0.0"}}
                """#
            }
            let host = "broken-1-0-0.flock.test"
            #expect(try await site.engine(.PUT, "/v2/apps/broken-1.0.0", definition("exit 3")).status == 201)
            let began = ContinuousClock.now
            try await eventually("its host is known") { try await site.request(host).status != 404 }

            for _ in 0..<20 {
                let answer = try await site.request(host)
                #expect(answer.status == 503)
                #expect(answer.headers.first(name: "X-Flock-Code") == "app_failing")
                #expect(answer.headers.first(name: "X-Flock-Reason") == "exited_3")
                let left = answer.headers.first(name: "Retry-After").flatMap { Int($0) } ?? 0
                #expect((1...5 << (starts(within: ContinuousClock.now - began) - 1)).contains(left))
            }
            let starts = site.log("flock-backup").components(separatedBy: "waking").count - 1
            #expect((1...self.starts(within: ContinuousClock.now - began)).contains(starts))

            let server =
                "exec node -e 'require(`http`).createServer((q, r) => r.end(`mended`)).listen(process.env.PORT0)'"
            let mended = try await site.engine(.PUT, "/v2/apps/broken-1.0.0?force=true", definition(server))
            #expect(mended.status == 200, "\(mended)")
            try await eventually("the back-off is forgotten") { try await site.request(host).body == "mended" }
        }
    }

    /// The most that there are by then: one, a second after 5 s, a third after 10 s more, and so on.
    private func starts(within elapsed: Duration) -> Int {
        var (count, pause, left) = (1, Duration.seconds(5), elapsed)
        while left >= pause { (count, left, pause) = (count + 1, left - pause, pause * 2) }
        return count
    }
}
