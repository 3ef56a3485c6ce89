import Foundation

/// From the request for an instance to the command's first instruction, and until it accepts a connection, over the
/// bare start of the same command.
struct LaunchBenchmark {
    let flock: String
    private let rounds = 20
    private let port = 28410
    private let ports = 28420...28499

    /// The shell notes when it began, then becomes a server.
    private static let command =
        #"date +%s%N > began; exec node -e 'require("net").createServer().listen(process.env.PORT, "127.0.0.1")'"#

    func run() throws {
        for isolation in ["systemd", "bwrap", "plain"] {
            if let obstacle = Self.obstacle(to: isolation) {
                print("launch    \(isolation): not here, \(obstacle)")
                continue
            }
            let engine = try EngineProcess(flock: flock, port: port, ports: ports, isolation: isolation)
            defer { engine.remove() }
            do {
                try engine.start()
            } catch {
                print("launch    \(isolation): not here, \(error)")
                continue
            }
            try run(isolation, engine)
        }
    }

    private static func obstacle(to isolation: String) -> String? {
        switch isolation {
        case "systemd":
            FileManager.default.fileExists(atPath: "/run/systemd/system") ? nil : "systemd is not the first process"
        case "bwrap": getuid() == 0 ? nil : "this is not root"
        default: nil
        }
    }

    private func run(_ isolation: String, _ engine: EngineProcess) throws {
        try engine.put([App(id: "/launch", cmd: Self.command, instances: 0, hasPort: true).json])
        var (bareBegan, bareAccepted, began, accepted): ([Double], [Double], [Double], [Double]) = ([], [], [], [])
        for round in 0..<rounds {
            // In turn, so that both see the same machine.
            let bare = try startBare(port: ports.upperBound - round)
            bareBegan.append(bare.began)
            bareAccepted.append(bare.accepted)
            let task = try startTask(engine)
            began.append(task.began)
            accepted.append(task.accepted)
        }
        print("launch    \(isolation) (\(rounds) rounds, interleaved)")
        Self.tell("first instruction", Statistics(bareBegan), Statistics(began))
        Self.tell("first accept", Statistics(bareAccepted), Statistics(accepted))
    }

    private static func tell(_ what: String, _ base: Statistics, _ task: Statistics) {
        print(
            "          \(what.padding(toLength: 24, withPad: " ", startingAt: 0))bare median "
                + "\(base.median.rounded(to: 1)) ms, PUT → it median \(task.median.rounded(to: 1)) ms, p90 "
                + "\(task.p90.rounded(to: 1)) ms, ratio \((task.median / base.median).rounded(to: 2)), the engine adds "
                + "\((task.median - base.median).rounded(to: 1)) ms")
    }

    /// Milliseconds since the start was asked for.
    private struct Times { var began, accepted: Double }

    private func startBare(port: Int) throws -> Times {
        let folder = URL(fileURLWithPath: "/tmp/flock-bench-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let start = Date().timeIntervalSince1970
        let process = try Program.launch(
            "/bin/sh", ["-c", Self.command], in: folder,
            environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "PORT": "\(port)"])
        defer {
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        return try times(since: start, port: port, in: folder)
    }

    private func startTask(_ engine: EngineProcess) throws -> Times {
        let start = Date().timeIntervalSince1970
        try engine.ask("PUT", "/v2/apps/launch", body: #"{"instances":1}"#)
        let answer = try engine.ask("GET", "/v2/apps/launch/tasks")
        guard let id = answer.firstMatch(of: /"id":"([^"]+)"/)?.output.1,
            let port = answer.firstMatch(of: /"ports":\[([0-9]+)/).flatMap({ Int($0.output.1) })
        else { throw RawHTTP.Failure(what: "no task in \(answer)") }
        let times = try times(since: start, port: port, in: engine.sandbox(String(id)))
        try engine.ask("PUT", "/v2/apps/launch", body: #"{"instances":0}"#)
        try Program.wait("the task is gone") {
            try engine.ask("GET", "/v2/apps/launch/tasks").contains(#""tasks":[]"#)
        }
        return times
    }

    /// - Parameter start: seconds since 1970.
    private func times(since start: Double, port: Int, in folder: URL) throws -> Times {
        try Program.wait("the command accepts") {
            guard let socket = RawHTTP.connect(port: port) else { return false }
            close(socket)
            return true
        }
        let accepted = Date().timeIntervalSince1970
        let text = try String(contentsOf: folder.appendingPathComponent("began"), encoding: .utf8)
        guard let began = Double(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw RawHTTP.Failure(what: "the command has not noted when it began")
        }
        return Times(began: (began / 1e9 - start) * 1000, accepted: (accepted - start) * 1000)
    }
}
