import Foundation

/// `flock up` in a folder of its own, with programs pushed to it.
final class Site {
    let web = 28000
    let engine = 28080
    let folder: URL
    private let flock: String
    private var process: Process?
    private var token: String?

    init(flock: String) throws {
        self.flock = flock
        folder = URL(fileURLWithPath: "/tmp/flock-bench-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private var options: [String] {
        [
            "--state", folder.appendingPathComponent("state").path, "--set", "http.listen=127.0.0.1:\(web)",
            "--set", "stats.listen=127.0.0.1:28090", "--set", "hook.listen=127.0.0.1:28081",
            "--set", "hook.artifacts=127.0.0.1:28083",
            "--set", "backup.listen=127.0.0.1:28082", "--set", "engine.listen=127.0.0.1:\(engine)",
            "--set", "engine.ports=28100-28199", "--set", "scaler.idleAfter=1h",
        ]
    }

    func start() throws {
        process = try Program.launch(flock, ["up"] + options, in: folder)
        try Program.wait("flock up") {
            (try? RawHTTP.request(port: self.engine, "GET", "/ping").contains("pong")) == true
        }
    }

    /// Returns when it serves.
    func push(_ program: SiteProgram) throws {
        try Program.run(flock, ["repo", "create", program.name] + options, in: folder)
        try Program.run("/usr/bin/git", ["init", "-q", "-b", "main"], in: program.folder)
        try commit(program, "Hello")
        try Program.run("/usr/bin/git", ["push", "-q", repository(of: program), "main"], in: program.folder)
        try Program.wait("the app") {
            (try? RawHTTP.request(port: self.web, "GET", "/", host: program.host).hasPrefix("HTTP/1.1 200")) == true
        }
    }

    func repository(of program: SiteProgram) -> String { "\(folder.path)/state/git/\(program.name).git" }

    func commit(_ program: SiteProgram, _ message: String) throws {
        try Program.run("/usr/bin/git", ["add", "-A"], in: program.folder)
        try Program.run(
            "/usr/bin/git",
            ["-c", "user.name=Bench", "-c", "user.email=bench@localhost", "commit", "-q", "-m", message],
            in: program.folder)
    }

    func stop() {
        try? Program.run(flock, ["down"] + options, in: folder)
        process?.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Ends the app's tasks and waits until none is left.
    /// - Parameter id: of another version of it.
    func putToSleep(_ program: SiteProgram, id: String? = nil) throws {
        let id = id ?? program.id
        _ = try ask("PUT", "/v2/apps\(id)", body: #"{"instances":0}"#)
        try Program.wait("the app is gone") { try ask("GET", "/v2/apps\(id)/tasks").contains(#""tasks":[]"#) }
        // HAProxy learns of it a moment later.
        usleep(200_000)
    }

    /// Asks the engine.
    private func ask(_ method: String, _ path: String, body: String = "") throws -> String {
        try RawHTTP.request(port: engine, method, path, token: try readToken(), body: body)
    }

    func readToken() throws -> String {
        if let token { return token }
        let text = try String(contentsOf: folder.appendingPathComponent("state/engine-token"), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        token = text
        return text
    }

    /// Where the app's task listens.
    func taskPort(_ program: SiteProgram) throws -> Int {
        let answer = try ask("GET", "/v2/apps\(program.id)/tasks")
        guard let start = answer.range(of: #""ports":["#)?.upperBound,
            let port = Int(answer[start...].prefix { $0.isNumber })
        else { throw RawHTTP.Failure(what: "no task") }
        return port
    }
}
