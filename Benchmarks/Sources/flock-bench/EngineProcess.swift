import Foundation

/// `flock-engine` alone, with a state folder of its own.
final class EngineProcess {
    /// Nobody, where the benchmark is root and the engine must not be.
    private static let ordinaryUser = 65534

    let port: Int
    private let flock: String
    private let folder: URL
    private let options: [String]
    /// Leads to the engine's user.
    private let prefix: [String]
    private var process: Process?
    private var token: String?

    /// - Parameters:
    ///   - flock: the binary `flock`; `flock-engine` is beside it.
    ///   - ports: of its tasks.
    ///   - isolation: as in the settings.
    init(flock: String, port: Int, ports: ClosedRange<Int>, isolation: String = "auto") throws {
        self.port = port
        let folder = URL(fileURLWithPath: "/tmp/flock-bench-\(UUID().uuidString.prefix(8))")
        self.folder = folder
        let files = FileManager.default
        try files.createDirectory(at: folder, withIntermediateDirectories: true)
        options = [
            "--state", folder.appendingPathComponent("state").path, "--set", "engine.listen=127.0.0.1:\(port)",
            "--set", "engine.ports=\(ports.lowerBound)-\(ports.upperBound)", "--set", "engine.isolation=\(isolation)",
            "--set", "engine.cpus=1000", "--set", "engine.mem=1000000",
        ]
        if isolation == "plain" && getuid() == 0 {
            let user = "\(Self.ordinaryUser)"
            prefix = ["/usr/bin/setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
            try files.setAttributes(
                [.ownerAccountID: Self.ordinaryUser, .groupOwnerAccountID: Self.ordinaryUser],
                ofItemAtPath: folder.path)
            // That user may not look into the folder of the build.
            for name in ["flock", "flock-engine"] {
                try files.copyItem(
                    at: URL(fileURLWithPath: flock).deletingLastPathComponent().appendingPathComponent(name),
                    to: folder.appendingPathComponent(name))
            }
            self.flock = folder.appendingPathComponent("flock").path
        } else {
            prefix = []
            self.flock = flock
        }
    }

    /// Returns as soon as `/ping` is answered.
    func start() throws {
        let log = folder.appendingPathComponent("log")
        try Data().write(to: log)
        let program = URL(fileURLWithPath: flock).deletingLastPathComponent().appendingPathComponent("flock-engine")
        let words = prefix + [program.path] + options
        let process = try Program.launch(
            words[0], Array(words.dropFirst()), in: folder, output: FileHandle(forWritingTo: log))
        self.process = process
        try Program.wait("flock-engine") {
            guard process.isRunning else {
                let lines = (try? String(contentsOf: log, encoding: .utf8))?.split(separator: "\n") ?? []
                throw RawHTTP.Failure(what: "flock-engine has ended: \(lines.last ?? "it said nothing")")
            }
            return (try? RawHTTP.request(port: port, "GET", "/ping").contains("pong")) == true
        }
    }

    /// Ends the process; its tasks go on.
    func stop() {
        guard let process else { return }
        process.terminate()
        process.waitUntilExit()
        self.process = nil
    }

    /// Ends everything.
    func remove() {
        stop()
        let words = prefix + [flock, "down"] + options
        try? Program.run(words[0], Array(words.dropFirst()), in: folder)
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: The API

    /// - Throws: for an answer that is no success.
    @discardableResult
    func ask(_ method: String, _ path: String, body: String = "") throws -> String {
        let answer = try RawHTTP.request(port: port, method, path, token: try readToken(), body: body)
        guard answer.hasPrefix("HTTP/1.1 2") else {
            throw RawHTTP.Failure(what: "\(method) \(path): \(answer.prefix(400))")
        }
        return answer
    }

    func readToken() throws -> String {
        if let token { return token }
        let text = try String(contentsOf: folder.appendingPathComponent("state/engine-token"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        token = text
        return text
    }

    /// Changes all of them in one deployment.
    func put(_ apps: [String]) throws {
        try ask("PUT", "/v2/apps", body: "[\(apps.joined(separator: ","))]")
    }

    /// The folder that a task works in.
    func sandbox(_ taskID: String) -> URL { folder.appendingPathComponent("state/engine/tasks/\(taskID)") }

    // MARK: The process

    /// MiB of memory that are the process's now.
    func residentMemory() throws -> Double { try figures.memory("VmRSS") / 1024 }

    /// Processor time that the process uses while nothing is asked of it, in percent of a core.
    func idleLoad(seconds: Int) throws -> Double {
        let before = try figures.processorTime()
        let elapsed = Program.time { sleep(UInt32(seconds)) } / 1000
        return (try figures.processorTime() - before) / elapsed * 100
    }

    private var figures: ProcessFigures { ProcessFigures(pid: process?.processIdentifier ?? 0) }
}
