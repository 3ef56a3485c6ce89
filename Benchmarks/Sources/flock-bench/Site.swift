import Foundation

/// `flock up` in a folder of its own, with the example deployed.
final class Site {
    static let host = "hello-node.flock.localhost"
    static let id = "/hello-node-1.0.0"

    let web = 28000
    let engine = 28080
    let folder: URL
    private let flock: String
    private let example: URL
    private var process: Process?
    private var token: String?

    init(flock: String, example: URL) throws {
        self.flock = flock
        self.example = example
        folder = URL(fileURLWithPath: "/tmp/flock-bench-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private var options: [String] {
        [
            "--state", folder.appendingPathComponent("state").path, "--set", "http.listen=127.0.0.1:\(web)",
            "--set", "stats.listen=127.0.0.1:28090", "--set", "hook.listen=127.0.0.1:28081",
            "--set", "backup.listen=127.0.0.1:28082", "--set", "engine.listen=127.0.0.1:\(engine)",
            "--set", "engine.ports=28100-28199", "--set", "scaler.idleAfter=1h",
        ]
    }

    func start() throws {
        process = try Program.launch(flock, ["up"] + options, in: folder)
        try Program.wait("flock up") {
            (try? RawHTTP.request(port: self.engine, "GET", "/ping").contains("pong")) == true
        }
        let program = folder.appendingPathComponent("hello-node")
        try FileManager.default.copyItem(at: example, to: program)
        // Else the limit of the app is measured.
        let package = program.appendingPathComponent("package.json")
        let text = try String(contentsOf: package, encoding: .utf8)
        try text.replacingOccurrences(of: #""cpus": 0.1"#, with: #""cpus": 2"#)
            .write(to: package, atomically: true, encoding: .utf8)
        try Program.run(flock, ["repo", "create", "hello-node"] + options, in: folder)
        for arguments in [
            ["init", "-q", "-b", "main"], ["add", "-A"],
            ["-c", "user.name=Bench", "-c", "user.email=bench@localhost", "commit", "-q", "-m", "Hello"],
            ["push", "-q", "\(folder.path)/state/git/hello-node.git", "main"],
        ] {
            try Program.run("/usr/bin/git", arguments, in: program)
        }
        try Program.wait("the app") {
            (try? RawHTTP.request(port: self.web, "GET", "/health", host: Self.host).hasPrefix("HTTP/1.1 200")) == true
        }
    }

    func stop() {
        try? Program.run(flock, ["down"] + options, in: folder)
        process?.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Ends the app's tasks and waits until none is left.
    func putToSleep() throws {
        _ = try ask("PUT", "/v2/apps\(Self.id)", body: #"{"instances":0}"#)
        try Program.wait("the app is gone") { try ask("GET", "/v2/apps\(Self.id)/tasks").contains(#""tasks":[]"#) }
        // HAProxy learns of it a moment later.
        usleep(200_000)
    }

    /// Asks the engine.
    private func ask(_ method: String, _ path: String, body: String = "") throws -> String {
        if token == nil {
            token = try String(contentsOf: folder.appendingPathComponent("state/engine-token"), encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        return try RawHTTP.request(port: engine, method, path, token: token, body: body)
    }

    /// Where the app's task listens.
    func taskPort() throws -> Int {
        let answer = try ask("GET", "/v2/apps\(Self.id)/tasks")
        guard let start = answer.range(of: #""ports":["#)?.upperBound,
            let port = Int(answer[start...].prefix { $0.isNumber })
        else { throw RawHTTP.Failure(what: "no task") }
        return port
    }
}
