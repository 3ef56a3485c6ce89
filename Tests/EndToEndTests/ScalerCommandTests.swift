import FlockTesting
import Foundation
import Marathon
import Testing

/// What a person asks flock-scaler.
struct ScalerCommandTests {
    @Test("flock-scaler explain tells the decisions by name and by id, as a table and as JSON; mistakes are explained")
    func explain() async throws {
        try await Site.run(idleAfter: "1s") { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            try await program.commit(HelloApp.files(version: "2.0.0"))
            try await program.push()
            try await eventually("the new version sleeps") {
                try await site.decisions(about: "/hello-2.0.0").last?.rule == "asleep"
            }
            #expect(try await site.flock(["canary", "hello", "1.0.0", "--percent", "50"]).isSuccess)

            for name in ["hello", "/hello-2.0.0", "hello-2.0.0"] {
                let ran = try await scaler(["explain", name, "--config", site.config])
                #expect(ran.status == 0 && ran.output.hasPrefix("/hello-2.0.0\n"), "\(ran.output)")
                for word in ["RULE", "WANTED", "PREVENTED BY"] {
                    #expect(ran.output.contains(word), "\(word): \(ran.output)")
                }
                #expect(ran.output.contains(#/sleep +idle +1 +1 +0 /#), "\(ran.output)")
                #expect(ran.output.contains(#/keep +asleep +0 +0 +0 /#), "\(ran.output)")
            }
            #expect(
                try await scaler(["explain", "hello-1.0.0", "--config", site.config]).output.hasPrefix("/hello-1.0.0\n")
            )

            let json = try await scaler(["explain", "hello", "--config", site.config, "--json"])
            let answer = try #require(
                try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
            #expect(answer["app"] as? String == "/hello-2.0.0")
            let decisions = try #require(answer["decisions"] as? [[String: Any]])
            let asleep = try #require(decisions.last)
            #expect(asleep["rule"] as? String == "asleep" && asleep["instances"] as? Int == 0, "\(asleep)")
            #expect(try #require(asleep["at"] as? String).hasSuffix("Z"))
            #expect(
                Set(asleep.keys) == [
                    "at", "action", "rule", "instances", "ready", "wanted", "inFlight", "concurrency",
                    "burstConcurrency", "requestsPerSecond", "idleSeconds",
                ])

            for name in ["nobody", "no/body&app=x", "niño", ""] {
                let ran = try await scaler(["explain", name, "--config", site.config])
                #expect(ran.status == 1, "\(ran)")
                #expect(ran.output == "flock-scaler: there is no app \"\(name)\"; \"flock apps\" lists them.\n")
            }
            #expect(try await scaler(["explain", "--config", site.config]).status == 64)

            try await site.kill9("flock-scaler")
            let ran = try await scaler(["explain", "hello", "--config", site.config])
            #expect(ran.status == 69 && ran.output.contains("is it running?"), "\(ran)")
        }
    }

    @Test(
        "flock-scaler simulate tells what policies cost, as a table, as JSON and as a drawing; mistakes are explained")
    func simulate() async throws {
        let folder = try TemporaryFolder()
        func write(_ name: String, _ text: String) throws -> String {
            let path = "\(folder.path)/\(name)"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }
        // Four busy minutes, and a quarter of an hour without anybody.
        let counts = (0..<20).map { "1998-06-10 12:\($0 < 10 ? "0" : "")\($0):00,\($0 < 4 ? 600 * ($0 + 1) : 0)" }
        let trace = try write("day.csv", "period,count\n" + counts.joined(separator: "\n") + "\n")
        let eager = try write("eager.yaml", "scaler: {idleAfter: 10s, scaleDownDelay: 0s}\n")
        let lazy = try write("lazy.yaml", "scaler: {idleAfter: 10m, scaleDownDelay: 5m}\n")
        let arguments = ["simulate", "--trace", trace, "--policy", eager, "--policy", lazy, "--service", "500ms"]

        let table = try await scaler(arguments)
        #expect(table.status == 0, "\(table)")
        for word in ["POLICY", "INSTANCE-SECONDS", "× ORACLE", "WAIT P50", "P99.9", "WAKES", "eager.yaml", "lazy.yaml"]
        {
            #expect(table.output.contains(word), "\(word): \(table.output)")
        }

        let json = try await scaler(arguments + ["--json", "--plot", "\(folder.path)/day.svg"])
        let rows = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [[String: Any]])
        #expect(rows.map { $0["policy"] as? String } == [eager, lazy])
        for row in rows {
            #expect(
                Set(row.keys) == [
                    "policy", "requests", "instance_seconds", "oracle_ratio", "fixed_ratio", "wait_p50_ms",
                    "wait_p99_ms", "wait_p999_ms", "wait_max_ms", "wakes", "changes",
                ])
            #expect(row["requests"] as? Int ?? 0 > 5000)
        }
        #expect(rows[0]["instance_seconds"] as? Double ?? 0 < rows[1]["instance_seconds"] as? Double ?? 0)
        #expect(try await scaler(arguments + ["--json"]).output == json.output)
        let drawing = try String(contentsOfFile: "\(folder.path)/day.svg", encoding: .utf8)
        #expect(drawing.hasPrefix("<svg") && drawing.hasSuffix("</svg>\n"))

        let bad = try write("bad.csv", "period,count\n1998-06-10 12:00:00,5\n1998-06-10 12:01:00,many\n")
        let log = try write(
            "access.log",
            """
            10.0.0.1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1
            10.0.0.1 - - [17/Mai/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 1

            """)
        let policy = try write("bad.yaml", "scaler:\n  target: 7\n")
        for (arguments, status, says) in [
            (["--trace", bad], 1, "bad.csv:3: "), (["--trace", log], 1, "access.log:2: "),
            (["--trace", "\(folder.path)/none.csv"], 1, "none.csv"),
            (["--trace", trace, "--from", "yesterday"], 1, "yesterday"),
            (["--trace", trace, "--policy", policy], 78, "bad.yaml:2:"),
            (["--trace", trace, "--policy", "\(folder.path)/none.yaml"], 78, "none.yaml"),
            ([], 64, "--trace"), (["--trace", trace, "--slots", "0"], 64, "--slots"),
            (["--trace", trace, "--plot", "\(folder.path)/none/x.svg"], 1, "none/x.svg"),
        ] {
            let ran = try await scaler(["simulate"] + arguments)
            #expect(ran.status == status && ran.output.contains(says), "\(arguments): \(ran)")
        }
    }

    private func scaler(_ arguments: [String]) async throws -> Ran {
        try await FlockTesting.run(Binary.path("flock-scaler"), arguments)
    }
}
