import Foundation

/// Idle URL to first byte, over the bare start of the same Node app: what Flock adds to what the app needs anyway.
struct WakeBenchmark {
    let site: Site
    private let rounds = 20

    func run() throws {
        var bare: [Double] = []
        var woken: [Double] = []
        for round in 0..<rounds {
            // In turn, so that both see the same machine.
            bare.append(try startBare(port: 28200 + round))
            try site.putToSleep()
            woken.append(try RawHTTP.timeToFirstByte(port: site.web, path: "/", host: Site.host))
        }
        let (base, wake) = (Statistics(bare), Statistics(woken))
        print(
            "wake      bare start of the app   median \(base.median.rounded(to: 1)) ms, p90 \(base.p90.rounded(to: 1)) ms"
        )
        print(
            "          idle URL → first byte   median \(wake.median.rounded(to: 1)) ms, p90 \(wake.p90.rounded(to: 1)) ms"
        )
        print(
            "          ratio \((wake.median / base.median).rounded(to: 2)), Flock adds "
                + "\((wake.median - base.median).rounded(to: 1)) ms (\(rounds) rounds, interleaved)")
    }

    private func startBare(port: Int) throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let process = try Program.launch(
            "/usr/bin/env", ["node", "server.js"], in: site.folder.appendingPathComponent("hello-node"),
            environment: [
                "PATH": "/usr/local/bin:/usr/bin:/bin", "PORT": "\(port)", "HOST": "127.0.0.1",
                "NODE_ENV": "production",
            ])
        let spawned = (clock.now - start) / .milliseconds(1)
        let elapsed = try RawHTTP.timeToFirstByte(port: port, path: "/", host: "localhost")
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        return spawned + elapsed
    }
}
