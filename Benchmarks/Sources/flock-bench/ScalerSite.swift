import Foundation

/// A real `flock-scaler` before stand-ins for Marathon, for HAProxy's statistics, and for the parts that it asks on their
/// sockets: what is measured is looking.
final class ScalerSite {
    private static let marathon = 28901
    private static let statistics = 28902

    private let folder: URL
    private let processes: [Process]
    private let scaler: Process

    /// Returns once it has looked five times: at first it reads all apps, twice.
    /// - Parameters:
    ///   - apps: how many Marathon has.
    ///   - awake: how many of them, the first ones, have a task and a backend.
    ///   - every: between two looks; longer where a look takes more than a tenth of it.
    init(flock: String, apps: Int, awake: Int, every: String) throws {
        folder = URL(fileURLWithPath: "/tmp/flock-bench-\(UUID().uuidString.prefix(8))")
        let state = folder.appendingPathComponent("state")
        try FileManager.default.createDirectory(
            at: state, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // Nobody asks its tasks for anything.
        var standIns = [try Self.standIn("marathon.mjs", ["1", "\(apps)", "\(awake)"], Self.marathon, in: folder)]
        standIns.append(try Self.standIn("statistics.mjs", [state.path, "\(awake)"], Self.statistics, in: folder))
        let log = folder.appendingPathComponent("flock-scaler.log")
        try Data().write(to: log)
        scaler = try Program.launch(
            URL(fileURLWithPath: flock).deletingLastPathComponent().appendingPathComponent("flock-scaler").path,
            [
                "--state", state.path, "--set", "marathon=[http://127.0.0.1:\(Self.marathon)]",
                "--set", "scaler.haproxy=[http://127.0.0.1:\(Self.statistics)/stats;csv]",
                "--set", "scaler.every=\(every)",
            ], in: folder, output: FileHandle(forWritingTo: log))
        processes = standIns + [scaler]
        try Program.wait("flock-scaler has looked", within: 60) {
            guard scaler.isRunning else {
                throw RawHTTP.Failure(what: (try? String(contentsOf: log, encoding: .utf8)) ?? "flock-scaler ended")
            }
            return ((try? looks()) ?? 0) >= 5
        }
    }

    private static func standIn(_ name: String, _ arguments: [String], _ port: Int, in folder: URL) throws -> Process {
        let script = StaticServer.programs.appendingPathComponent(name).path
        let process = try Program.launch("/usr/bin/env", ["node", script, "\(port)"] + arguments, in: folder)
        try Program.wait(name) {
            guard process.isRunning else { throw RawHTTP.Failure(what: "port \(port) is taken") }
            guard let socket = RawHTTP.connect(port: port) else { return false }
            close(socket)
            return true
        }
        return process
    }

    func stop() {
        for process in processes.reversed() {
            process.terminate()
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(at: folder)
    }

    var figures: ProcessFigures { ProcessFigures(pid: scaler.processIdentifier) }

    /// How many looks it has had.
    func looks() throws -> Double {
        let text = try UnixSocket.ask(
            folder.appendingPathComponent("state/scaler.sock").path,
            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r")
        guard let looks = text.firstMatch(of: /\nflock_scaler_looks_total ([0-9.]+)/).flatMap({ Double($0.output.1) })
        else { throw RawHTTP.Failure(what: "no looks in \(text)") }
        return looks
    }

    /// The statistics as they are now.
    func text() throws -> String {
        let answer = try RawHTTP.request(port: Self.statistics, "GET", "/bench/text")
        return String(answer[(answer.range(of: "\r\n\r\n")?.upperBound ?? answer.startIndex)...])
    }

    /// - Parameter every: each so manieth answer of the statistics is an error from now on.
    func silence(every: Int) throws {
        _ = try RawHTTP.request(port: Self.statistics, "POST", "/bench/silence", body: #"{"every":\#(every)}"#)
    }

    /// What looking costs from now on.
    /// - Returns: milliseconds of processor time for a look, and percent of a core.
    func cost(seconds: UInt32) throws -> (look: Double, share: Double) {
        let clock = ContinuousClock()
        let (time, looks, start) = (try figures.processorTime(), try self.looks(), clock.now)
        sleep(seconds)
        let spent = try figures.processorTime() - time
        return (spent / (try self.looks() - looks) * 1000, spent / ((clock.now - start) / .seconds(1)) * 100)
    }
}
