import Foundation

/// What an engine with many apps and tasks needs and how fast it answers, over the same engine while it was empty.
struct ScaleBenchmark {
    let flock: String
    private let sleeping = 1000
    private let running = 200
    private let rounds = 20
    private let idleSeconds = 10
    /// After which tasks get the limits that they have from then on, which is work.
    private let startSeconds: UInt32 = 11

    private struct Figures {
        /// MiB.
        var memory: Double
        /// Percent of a core.
        var idle: Double
        /// Milliseconds, medians.
        var ping, list, event: Double
        /// Of the list's answer, head included.
        var bytes: Int
    }

    func run() throws {
        let engine = try EngineProcess(flock: flock, port: 28510, ports: 29000...29999)
        defer { engine.remove() }
        try engine.start()
        // Its launches and what it answers are the same in both.
        try engine.put([App.sleeper("/probe").json])
        let empty = try measure(engine)
        let filling = try fill(engine)
        let full = try measure(engine)
        print(
            "scale     \(sleeping) apps at zero and \(running) of one task, over the same engine while empty; all ran "
                + "after \((filling / 1000).rounded(to: 1)) s")
        tell("resident memory", empty.memory, full.memory, "MiB")
        tell("idle, of a core", empty.idle, full.idle, "% (\(idleSeconds) s)")
        tell("GET apps with tasks", empty.list, full.list, "ms median, \(full.bytes) bytes")
        print(
            "            over GET /ping        ratio \((full.list / full.ping).rounded(to: 1)) (\(full.ping.rounded(to: 2)) ms)"
        )
        // From the first byte of the request for an instance until TASK_RUNNING of it has been read.
        tell("PUT → TASK_RUNNING read", empty.event, full.event, "ms median (\(rounds) rounds)")
    }

    private func tell(_ what: String, _ empty: Double, _ full: Double, _ unit: String) {
        print(
            "          \(what.padding(toLength: 24, withPad: " ", startingAt: 0))empty \(empty.rounded(to: 2)), full "
                + "\(full.rounded(to: 2)) \(unit), ratio \((full / empty).rounded(to: 2))")
    }

    private func measure(_ engine: EngineProcess) throws -> Figures {
        var (ping, list, bytes): ([Double], [Double], Int) = ([], [], 0)
        for _ in 0..<rounds {
            ping.append(try Program.time { try engine.ask("GET", "/ping") })
            list.append(
                try Program.time { bytes = try engine.ask("GET", "/v2/apps?embed=apps.tasks").utf8.count })
        }
        let event = try eventTime(engine)
        sleep(startSeconds)
        let idle = try engine.idleLoad(seconds: idleSeconds)
        return Figures(
            memory: try engine.residentMemory(), idle: idle, ping: Statistics(ping).median,
            list: Statistics(list).median, event: event, bytes: bytes)
    }

    private func eventTime(_ engine: EngineProcess) throws -> Double {
        let events = try EventStream(engine)
        var times: [Double] = []
        for _ in 0..<rounds {
            times.append(
                try Program.time {
                    try engine.ask("PUT", "/v2/apps/probe", body: #"{"instances":1}"#)
                    try events.wait(for: ["TASK_RUNNING", "/probe"])
                })
            try engine.ask("PUT", "/v2/apps/probe", body: #"{"instances":0}"#)
            try events.wait(for: ["TASK_KILLED", "/probe"])
        }
        return Statistics(times).median
    }

    /// - Returns: milliseconds until every task ran.
    private func fill(_ engine: EngineProcess) throws -> Double {
        try engine.put((0..<sleeping).map { App.sleeper("/sleeping/app-\($0)", hasPort: true).json })
        return try Program.time {
            try engine.put((0..<running).map { App.sleeper("/running/app-\($0)", instances: 1, hasPort: true).json })
            try Program.wait("all tasks run", within: 120) {
                usleep(50_000)
                return try engine.ask("GET", "/v2/deployments").hasSuffix("[]")
            }
        }
    }
}
