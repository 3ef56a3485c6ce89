import FlockTesting
import Foundation
import Marathon
import Testing

/// Certificates and TLS are tested with HAProxy alone in `FlockHAProxyTests`; this is how it goes with all daemons.
@Suite struct TLSLoopTests {
    @Test("an ACME challenge of any host wakes the app that answers it; all else is led to https, over HTTP/2")
    func challengeWakes() async throws {
        let port = try await freePorts(1)[0]
        try await Site.run(lines: "https: {listen: \"127.0.0.1:\(port)\", acme: hello}") { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            let push = try await program.push()
            #expect(push.contains("release 1 is live at https://hello.flock.test:\(port)/"), "\(push)")
            try await eventually("HAProxy leads to https") {
                try await site.request("hello.flock.test").status / 100 == 3
            }

            _ = try await site.marathon.scale("/hello-1.0.0", to: 0)
            try await eventually("its task is gone") { try await site.marathon.tasks(of: "/hello-1.0.0").isEmpty }
            let challenge = try await site.request("anybody.example.org", "/.well-known/acme-challenge/token")
            #expect(challenge.status == 200 && challenge.body == "1.0.0 GET 0", "\(challenge)")

            let led = try await run(
                "curl",
                [
                    "-ksL", "--http2", "-w", " HTTP/%{http_version}", "-d", "four", "--resolve",
                    "hello.flock.test:\(port):127.0.0.1", "--resolve",
                    "hello.flock.test:\(site.webPort):127.0.0.1", "http://hello.flock.test:\(site.webPort)/x",
                ])
            #expect(led.output == "1.0.0 POST 4 HTTP/2", "\(led.output)")
        }
    }
}
