import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

/// A running flock-scaler follows its flock.yaml.
struct ScalerSettingsTests {
    @Test("a flock.yaml that changes is followed; one with a mistake is refused with its place, and the old one holds")
    func change() async throws {
        try await Site.run { site in
            try await site.kill9("flock-scaler")
            func lines(_ more: String) -> String {
                """
                scaler:
                  every: 200ms
                  window: 2s
                  burstWindow: 1s
                  scaleDownDelay: 1s
                  concurrency: 1
                  haproxy: ["http://127.0.0.1:\(site.statsPort)/stats;csv"]
                  \(more)

                """
            }
            try await OwnScaler.run(site, lines("max: 1")) { scaler in
                let app = try await EchoServer(in: site.folder).deploy(["app"], to: site, scale: "{}")[0]
                let load = LoadGenerator(port: site.webPort)
                let isOver = Flag()
                async let visitors: Void = load.visits(6, to: app, until: isOver)
                try await eventually("the most is reached") {
                    try await scaler.decisions(about: app.id).last?.rule == "max"
                }
                #expect(try await site.marathon.app(app.id)?.instances == 1)
                try scaler.change(lines("max: 2"))
                try await site.has(app, instances: 2...2)

                // Line 4 is the first of these, and 12 the last.
                for (mistake, says) in [
                    (#"awake: ["weekdays 25:00-19:00"]"#, ["scaler.awake", "25:00"]),
                    ("target: 7", ["scaler.target", "7"]), ("maks: 3", ["scaler.maks", "max"]),
                ] {
                    try scaler.change(lines(mistake))
                    try await eventually("\(mistake) is refused") {
                        scaler.log.split(separator: "\n").contains { line in
                            line.contains("settings refused") && line.contains("/scaler.yaml:11:")
                                && says.allSatisfy(line.contains)
                        }
                    }
                }
                let looks = try await scaler.metric("flock_scaler_looks_total")
                try await scaler.looks(5)
                #expect(try await scaler.metric("flock_scaler_looks_total") > looks)
                try await site.has(app, instances: 2...2)
                isOver.raise()
                await visitors
                try scaler.change(lines("idleAfter: 1s"))
                try await site.isAsleep(app)
                let failures = await load.findings().failures
                #expect(failures.isEmpty, "\(failures.prefix(8).joined(separator: "\n"))")
                await load.close()
            }
        }
    }
}
