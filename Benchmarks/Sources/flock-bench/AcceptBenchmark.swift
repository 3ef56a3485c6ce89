import Foundation

/// How long a forge waits for its 202, which comes when the delivery is on the disk: a hundred at once. Over the same
/// deliveries with a wrong token, which go through all but the store, and over the disk alone.
struct AcceptBenchmark {
    let flock: String
    private let port = 28950
    private let connections = 100

    func run() throws {
        let folder = URL(fileURLWithPath: "/tmp/flock-bench-\(UUID().uuidString.prefix(8))")
        let state = folder.appendingPathComponent("state")
        let bare = state.appendingPathComponent("git/shop.git").path
        let secrets = state.appendingPathComponent("secrets")
        try FileManager.default.createDirectory(at: secrets, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try "right".write(to: secrets.appendingPathComponent("shop"), atomically: true, encoding: .utf8)
        try Program.run("/usr/bin/git", ["init", "-q", "--bare", "-b", "main", bare], in: folder)
        let log = folder.appendingPathComponent("log")
        try Data().write(to: log)
        let hook = try Program.launch(
            URL(fileURLWithPath: flock).deletingLastPathComponent().appendingPathComponent("flock-hook").path,
            [
                "--state", state.path, "--set", "hook.listen=127.0.0.1:\(port)",
                "--set", "hook.artifacts=127.0.0.1:\(port + 1)", "--log-level", "error",
                // Nobody is there.
                "--set", "marathon=[http://127.0.0.1:9]",
            ], in: folder, output: FileHandle(forWritingTo: log))
        defer {
            hook.terminate()
            hook.waitUntilExit()
        }
        try Program.wait("flock-hook listens") {
            guard let socket = RawHTTP.connect(port: port) else { return false }
            close(socket)
            return true
        }
        let disk = Statistics(try syncs(in: folder))
        // In turn, so that both see the same machine.
        var (refused, accepted): ([Latency], [Latency]) = ([], [])
        for _ in 0..<3 {
            refused.append(try load("wrong", bare, areErrors: true))
            accepted.append(try load("right", bare, areErrors: false))
        }
        let (base, taken) = (Self.middle(refused), Self.middle(accepted))
        print(
            """
            accept    \(connections) deliveries at once, GitLab's push of 7 KB, on the disk before 202 (3 rounds of 3 s, interleaved)
                      not stored (401)        p50 \(base.half.rounded(to: 1)) ms, p99 \(base.most.rounded(to: 1)) ms, \(base.rate.rounded(to: 0)) a second
                      stored (202)            p50 \(taken.half.rounded(to: 1)) ms, p99 \(taken.most.rounded(to: 1)) ms, \(taken.rate.rounded(to: 0)) a second, ratio of p50 \((taken.half / base.half).rounded(to: 2))
                      the disk alone          8 KB written and synced, one after the other: median \(disk.median.rounded(to: 2)) ms, p90 \(disk.p90.rounded(to: 2)) ms
            """)
    }

    /// Milliseconds, and requests a second.
    private struct Latency { var half, most, rate: Double }

    private static func middle(_ rounds: [Latency]) -> Latency {
        Latency(
            half: Statistics(rounds.map(\.half)).median, most: Statistics(rounds.map(\.most)).median,
            rate: Statistics(rounds.map(\.rate)).median)
    }

    private func load(_ token: String, _ repository: String, areErrors: Bool) throws -> Latency {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/wrk")
        process.arguments = [
            "-t1", "-c\(connections)", "-d3s", "--latency", "-s",
            StaticServer.programs.appendingPathComponent("accept.lua").path, "http://127.0.0.1:\(port)/hooks", "--",
            token, repository, String(repeating: "a", count: 40),
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard let half = Self.milliseconds("50%", in: text), let most = Self.milliseconds("99%", in: text),
            let rate = text.firstMatch(of: /Requests\/sec: +([0-9.]+)/).flatMap({ Double($0.output.1) }),
            text.contains("Non-2xx") == areErrors, !text.contains("Socket errors")
        else { throw RawHTTP.Failure(what: "wrk said: \(text)") }
        return Latency(half: half, most: most, rate: rate)
    }

    /// A line of wrk's such as `     50%   12.34ms`.
    private static func milliseconds(_ share: String, in text: String) -> Double? {
        guard let line = text.split(separator: "\n").first(where: { $0.contains(" \(share) ") }),
            let match = line.firstMatch(of: /([0-9.]+)(us|ms|s) *$/), let number = Double(match.output.1)
        else { return nil }
        return number * (["us": 0.001, "ms": 1, "s": 1000][String(match.output.2)] ?? .nan)
    }

    private func syncs(in folder: URL) throws -> [Double] {
        let path = folder.appendingPathComponent("synced").path
        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        defer { close(file) }
        let page = [UInt8](repeating: 1, count: 8192)
        return (0..<200).map { _ in
            Program.time {
                _ = write(file, page, page.count)
                fdatasync(file)
            }
        }
    }
}
