import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Testing

/// Two flock-scalers that see the same site.
@Suite(.serialized)
struct TwoScalersTests {
    private static let six = ScalingTests.six

    /// A site whose parts can be reached from another state folder, and a second scaler that does.
    private func run(
        _ settings: [String] = [], _ test: (Site, OwnScaler) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let token = "\(folder.path)/token"
        try "\(UUID())".write(toFile: token, atomically: true, encoding: .utf8)
        let ports = try await freePorts(2)
        let verbs = [
            "parts.token.file=\(token)", "parts.haproxy.listen=127.0.0.1:\(ports[0])",
            "parts.backup.listen=127.0.0.1:\(ports[1])",
        ]
        let short = ScalingTests.short.split(separator: ", ").map { "scaler." + $0.replacing(": ", with: "=") }
        try await Site.run(settings: verbs + short + settings) { site in
            let lines = """
                marathon: ["http://127.0.0.1:\(site.enginePort)"]
                marathonToken: {file: "\(StateFolder(site.state).engineToken)"}
                scaler: {every: 200ms, haproxy: ["http://127.0.0.1:\(site.statsPort)/stats;csv"], \(ScalingTests.short)}
                parts:
                  token: {file: "\(token)"}
                  haproxy: {nodes: ["http://127.0.0.1:\(ports[0])"]}
                  backup: {nodes: ["http://127.0.0.1:\(ports[1])"]}

                """
            try await site.scalerHasItsTurn()
            try await OwnScaler.run(site, state: "\(folder.path)/state", lines) { try await test(site, $0) }
        }
    }

    @Test("one of two scalers acts, the other says why it does not, and goes on when the first is killed")
    func oneActs() async throws {
        try await run { site, second in
            let app = try await EchoServer(in: site.folder).deploy(["app"], to: site, scale: Self.six)[0]
            let load = LoadGenerator(port: site.webPort)
            let isOver = Flag()
            async let visitors: Void = load.visits(12, to: app, until: isOver)
            try await site.has(app, instances: 3...6)
            try await eventually("the second says why it did not") {
                try await second.decisions(about: app.id).contains { $0.prevented == "another flock-scaler acts" }
            }
            try await eventually("the first acts alone") {
                let first = try await site.metric("flock_scaler_acts", of: .scaler)
                let other = try await second.metric("flock_scaler_acts")
                return first == 1 && other == 0
            }
            #expect(second.log.contains("watches, another flock-scaler acts"))
            // Where flock-backup took long to answer, it had no say.
            if !second.log.split(separator: "\n").contains(where: { $0.hasSuffix("] acts") }) {
                #expect(try await second.metric("flock_scaler_changes_total") == 0)
            }

            try await site.kill9("flock-scaler")
            try await eventually("the second acts") { try await second.metric("flock_scaler_acts") == 1 }
            try await site.has(app, instances: 3...6)
            isOver.raise()
            await visitors
            try await site.isAsleep(app)
            try await eventually("the second has put it to sleep") {
                try await second.metric("flock_scaler_sleeps_total") >= 1
            }
            let failures = await load.findings().failures
            #expect(failures.isEmpty, "\(failures.prefix(8).joined(separator: "\n"))")
            await load.close()

            try await site.start("flock-scaler")
            try await site.isHealthy([.scaler])
            try await eventually("the first has looked again") {
                try await site.metric("flock_scaler_looks_total", of: .scaler) > 5
            }
            try await eventually("the second acts alone") {
                let first = try await site.metric("flock_scaler_acts", of: .scaler)
                let other = try await second.metric("flock_scaler_acts")
                return first == 0 && other == 1
            }
        }
    }

    @Test("a scaler whose looks are far apart keeps its turn, and the other has it when that one is told to end")
    func rareLooks() async throws {
        try await run(["scaler.window=1h", "scaler.every=1h"]) { site, second in
            // Longer than a turn that nobody renews.
            try await second.looks(40)
            try await eventually("the second watches") { try await second.metric("flock_scaler_acts") == 0 }
            let first = try await site.process("flock-scaler")
            first.signal(SIGTERM)
            try await first.waitUntilExit()
            try await eventually("the second acts") { try await second.metric("flock_scaler_acts") == 1 }
        }
    }

    @Test("a scaler that is told to end has given its turn back when it is gone")
    func givesBack() async throws {
        try await Site.run { site in
            let backup = PartClient(.backup, state: StateFolder(site.state), http: site.http)
            try await site.scalerHasItsTurn()
            let scaler = try await site.process("flock-scaler")
            scaler.signal(SIGTERM)
            try await scaler.waitUntilExit()
            do {
                _ = try await backup.open(.PUT, Site.turn, timeout: .seconds(30))
            } catch let error as PartClient.Failure where error.code == .conflict {
                // It has no more than a second for it.
                #expect(site.log("flock-scaler").contains("its turn is not given back"))
            }
        }
    }

    @Test("what is prevented again and again is one decision, so that the others are not forgotten")
    func repeatedDecisions() async throws {
        try await run(["scaler.max=1"]) { site, second in
            let app = try await EchoServer(in: site.folder).deploy(["app"], to: site, scale: #"{"concurrency":1}"#)[0]
            let load = LoadGenerator(port: site.webPort)
            let isOver = Flag()
            async let visitors: Void = load.visits(6, to: app, until: isOver)
            // To the first one, which acts, one is the most.
            try await eventually("the second would scale") {
                try await second.decisions(about: app.id).last?.prevented != nil
            }
            try await second.looks(20)
            let decisions = try await second.decisions(about: app.id)
            let prevented = decisions.filter { $0.prevented != nil }
            // The load rises and falls, so that an earlier one may come again, but not in a row.
            let rows = zip(prevented, prevented.dropFirst())
            #expect(rows.allSatisfy { ($0.rule, $0.wanted) != ($1.rule, $1.wanted) }, "\(prevented)")
            isOver.raise()
            await visitors
            await load.close()
        }
    }
}

extension Site {
    fileprivate static let turn = "/v1/turn?holder=test"

    /// It takes it a second after its start, where flock-backup was not there before.
    fileprivate func scalerHasItsTurn() async throws {
        let backup = PartClient(.backup, state: StateFolder(state), http: http)
        try await eventually("the scaler has its turn") {
            do {
                _ = try await backup.open(.PUT, Self.turn, timeout: .seconds(30))
            } catch let error as PartClient.Failure {
                return error.code == .conflict
            }
            _ = try await backup.open(.DELETE, Self.turn, timeout: .seconds(30))
            return false
        }
    }
}
