import FlockCore
import FlockTesting
import Foundation
import HAProxy
import Marathon
import Testing

@testable import FlockHAProxy

/// An app that HAProxy refuses though all its words are tokens. None is known, so this HAProxy has something against a
/// timeout of 1,300 ms.
@Suite struct QuarantineTests {
    private func app(_ slug: String, _ port: Int, timeout: String = "1m") -> App {
        AppExamples.app(slug, "1.0.0", ports: [port], labels: [Label.http: #"{"timeout":"\#(timeout)"}"#])
    }

    private func superstitious(_ folder: TemporaryFolder) throws -> String {
        let path = "\(folder.path)/haproxy"
        try """
        #!/bin/sh
        if [ "$1" = -c ] && grep -q 'timeout server 1300ms' "$3"; then
          echo "[ALERT] (1) : config : parsing [$3:7] : 'timeout server' : unlucky" >&2
          exit 1
        fi
        exec \(HAProxyBinary.locate()) "$@"
        """.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
        return path
    }

    @Test func `it is found among others, named and closed; the others are served, and itself when it is mended`()
        async throws
    {
        let folder = try TemporaryFolder()
        try await EchoServers.run(5) { servers in
            try await DriverSite.run(binary: try superstitious(folder)) { site in
                var apps = (0..<5).map { app("app\($0)", servers.ports[$0], timeout: $0 == 3 ? "1300ms" : "1m") }
                try await site.apply(apps)
                #expect(await site.driver.closed.map(\.app) == ["/app3-1.0.0"])
                for number in 0..<5 {
                    let answer = try await site.get("app\(number).flock.test")
                    #expect(answer.status == (number == 3 ? 503 : 200), "\(number): \(answer.text)")
                }
                let reloads = await site.driver.reloads
                // It stays out, and costs nothing more.
                try await site.apply(apps)
                #expect(await site.driver.reloads == reloads)
                let text = try String(contentsOfFile: site.paths.configuration, encoding: .utf8)
                #expect(!text.contains("app3"))

                apps[3] = app("app3", servers.ports[3])
                try await site.apply(apps)
                #expect(await site.driver.closed.isEmpty)
                #expect(try await site.get("app3.flock.test").status == 200)
            }
        }
    }

    @Test func `a fault that is no app's leaves HAProxy as it was`() async throws {
        try await EchoServers.run(2) { servers in
            try await DriverSite.run { site in
                try await site.apply([app("one", servers.ports[0])])
                var broken = site.settings.current
                broken.http.listen = ListenAddress(host: "no-such-host.invalid", port: 1)
                let sound = site.settings.current
                site.settings.replace(with: broken)
                await #expect(throws: (any Error).self) {
                    try await site.apply([app("one", servers.ports[0]), app("two", servers.ports[1])])
                }
                #expect(try await site.get("one.flock.test").status == 200)
                #expect(await site.driver.closed.isEmpty)
                site.settings.replace(with: sound)
                try await site.apply([app("one", servers.ports[0]), app("two", servers.ports[1])])
                #expect(try await site.get("two.flock.test").status == 200)
            }
        }
    }
}
