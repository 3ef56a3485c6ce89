import Foundation

/// How long an engine with as many apps as it may have takes to start and to make a change, over one without.
struct ManyAppsBenchmark {
    let flock: String
    private let apps = 10_000
    private let batch = 1000
    private let rounds = 5
    private let changes = 20

    /// Milliseconds of each round.
    private struct Times {
        var ping: [Double] = []
        var app: [Double] = []
        var change: [Double] = []
    }

    func run() throws {
        let empty = try EngineProcess(flock: flock, port: 28610, ports: 28620...28699)
        defer { empty.remove() }
        let full = try EngineProcess(flock: flock, port: 28710, ports: 28720...28799)
        defer { full.remove() }
        for engine in [empty, full] {
            try engine.start()
            try engine.put([App.sleeper("/probe").json])
        }
        var batches: [Double] = []
        for first in stride(from: 1, to: apps, by: batch) {
            let ids = first..<min(first + batch, apps)
            batches.append(
                try Program.time {
                    try full.put(ids.map { App.sleeper("/many/app-\($0)", hasPort: true).json })
                })
        }
        var (base, loaded) = (Times(), Times())
        for round in 0..<changes {
            base.change.append(try change(empty, round))
            loaded.change.append(try change(full, round))
        }
        for _ in 0..<rounds {
            try restart(empty, &base)
            try restart(full, &loaded)
        }
        print(
            "many      \(apps) apps, stored in \((batches.reduce(0, +) / 1000).rounded(to: 1)) s by lists of \(batch) "
                + "(first \(batches[0].rounded(to: 0)) ms, last \(batches[batches.count - 1].rounded(to: 0)) ms), over an "
                + "engine of one app")
        tell("start → /ping", base.ping, loaded.ping, rounds)
        tell("start → GET an app", base.app, loaded.app, rounds)
        tell("PUT a label", base.change, loaded.change, changes)
        print(
            "          memory                  \(try full.residentMemory().rounded(to: 0)) MiB, ratio "
                + "\((try full.residentMemory() / empty.residentMemory()).rounded(to: 2))")
    }

    private func change(_ engine: EngineProcess, _ round: Int) throws -> Double {
        try Program.time { try engine.ask("PUT", "/v2/apps/probe", body: #"{"labels":{"round":"\#(round)"}}"#) }
    }

    private func restart(_ engine: EngineProcess, _ times: inout Times) throws {
        engine.stop()
        var ping = 0.0
        let app = try Program.time {
            ping = try Program.time { try engine.start() }
            try engine.ask("GET", "/v2/apps/probe")
        }
        times.ping.append(ping)
        times.app.append(app)
    }

    private func tell(_ what: String, _ empty: [Double], _ full: [Double], _ rounds: Int) {
        let (base, loaded) = (Statistics(empty).median, Statistics(full).median)
        print(
            "          \(what.padding(toLength: 24, withPad: " ", startingAt: 0))one app \(base.rounded(to: 1)), \(apps) "
                + "\(loaded.rounded(to: 1)) ms median, ratio \((loaded / base).rounded(to: 2)) (\(rounds) rounds, "
                + "interleaved)")
    }
}
