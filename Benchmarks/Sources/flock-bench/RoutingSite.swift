import Foundation

/// A real `flock-haproxy` and its HAProxy before a stand-in for Marathon (`Programs/marathon.mjs`), whose tasks are
/// all one server: what is measured is routing, and no launching.
final class RoutingSite {
    static let web = 28800
    static let marathon = 28801
    /// Where flock-backup would be.
    static let backup = 28802
    private static let stats = 28803
    /// Where all tasks are.
    static let task = 28804

    let folder: URL
    private let flock: String
    private let server: StaticServer
    private var processes: [Process] = []
    private var routing: Process?

    /// - Parameters:
    ///   - apps: how many Marathon has.
    ///   - running: how many of them, the first ones, have a task.
    init(flock: String, apps: Int, running: Int) throws {
        self.flock = flock
        folder = URL(fileURLWithPath: "/tmp/flock-bench-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        server = try StaticServer(in: folder)
        processes.append(try server.launch(port: Self.task, answering: "task", in: folder))
        let marathon = try Program.launch(
            "/usr/bin/env",
            [
                "node", StaticServer.programs.appendingPathComponent("marathon.mjs").path, "\(Self.marathon)",
                "\(Self.task)", "\(apps)", "\(running)",
            ], in: folder)
        processes.append(marathon)
        try Program.wait("the stand-in for Marathon") {
            guard marathon.isRunning else { throw RawHTTP.Failure(what: "port \(Self.marathon) is taken") }
            return (try? RawHTTP.request(port: Self.marathon, "GET", "/ping").contains("pong")) == true
        }
    }

    static func app(_ number: Int) -> String {
        let digits = "\(number)"
        return "app-" + String(repeating: "0", count: 5 - digits.count) + digits
    }

    static func id(_ number: Int) -> String { "/\(app(number))-1.0.0" }
    static func host(_ number: Int) -> String { "\(app(number)).flock.localhost" }
    static func backend(_ number: Int) -> String { "app_\(app(number).replacing("-", with: "_"))_1_0_0" }

    // MARK: The parts

    private var options: [String] {
        [
            "--state", folder.appendingPathComponent("state").path,
            "--set", "marathon=[http://127.0.0.1:\(Self.marathon)]", "--set", "http.listen=127.0.0.1:\(Self.web)",
            "--set", "stats.listen=127.0.0.1:\(Self.stats)", "--set", "backup.listen=127.0.0.1:\(Self.backup)",
        ]
    }

    /// Without flock-backup, something answers "wake" in its place.
    func startStandInForBackup() throws {
        processes.append(try server.launch(port: Self.backup, answering: "wake", in: folder))
    }

    /// Does not wait until it serves.
    func startRouting() throws { routing = try start("flock-haproxy") }

    /// - Parameter settings: more of them, as `--set` takes them.
    func startBackup(_ settings: [String] = []) throws -> Process {
        let process = try start("flock-backup", settings.flatMap { ["--set", $0] })
        processes.append(process)
        try Program.wait("flock-backup") {
            guard let socket = RawHTTP.connect(port: Self.backup) else { return false }
            close(socket)
            return true
        }
        return process
    }

    private func start(_ part: String, _ more: [String] = []) throws -> Process {
        let program = URL(fileURLWithPath: flock).deletingLastPathComponent().appendingPathComponent(part)
        let log = folder.appendingPathComponent("\(part).log")
        try Data().write(to: log)
        return try Program.launch(
            program.path, options + more, in: folder, output: FileHandle(forWritingTo: log))
    }

    /// Ends flock-haproxy and its HAProxy, and forgets what they knew.
    func stopRouting() throws {
        guard let routing else { return }
        routing.terminate()
        routing.waitUntilExit()
        self.routing = nil
        // In the middle of a reload HAProxy would not be found.
        _ = try? worker()
        try Program.run(flock, ["down"] + options, in: folder)
        try FileManager.default.removeItem(at: folder.appendingPathComponent("state"))
    }

    func stop() {
        // flock-backup before "flock down", which ends nothing beside a part that runs.
        for process in processes {
            process.terminate()
            process.waitUntilExit()
        }
        try? stopRouting()
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: Marathon

    /// Gives apps a task each, or takes it, and tells flock-haproxy by an event for each.
    func scale(_ first: Int, count: Int = 1, to instances: Int) throws {
        try tell("/bench/scale", #"{"first":\#(first),"count":\#(count),"instances":\#(instances)}"#)
    }

    /// One more app, at zero.
    func addApp() throws { try tell("/bench/apps", #"{"count":1}"#) }

    private func tell(_ path: String, _ body: String) throws {
        let answer = try RawHTTP.request(port: Self.marathon, "POST", path, body: body)
        guard answer.hasPrefix("HTTP/1.1 200") else { throw RawHTTP.Failure(what: answer) }
    }

    /// What one of the parts says of itself.
    func metrics(of part: String) throws -> String {
        try UnixSocket.ask(
            folder.appendingPathComponent("state/\(part).sock").path,
            "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r")
    }

    // MARK: HAProxy

    private func path(_ name: String) -> String { folder.appendingPathComponent("state/haproxy/\(name)").path }
    var configuration: String { path("haproxy.cfg") }
    var hostsMap: String { path("hosts.map") }

    func runtime(_ commands: String) throws -> String { try UnixSocket.ask(path("admin.sock"), commands) }

    /// The process that serves. A worker may do so before the master that has reloaded listens again.
    @discardableResult
    func worker() throws -> Int32 {
        var worker: Int32?
        try Program.wait("HAProxy's master", within: 5) {
            worker = try? told()
            return worker != nil
        }
        return try worker ?? told()
    }

    /// The process that the master says serves.
    private func told() throws -> Int32 {
        let table = try UnixSocket.ask(path("master.sock"), "show proc", until: "\n\n")
        let present = table.prefix(upTo: table.range(of: "# old workers")?.lowerBound ?? table.endIndex)
        guard let line = present.split(separator: "\n").first(where: { $0.contains(" worker ") }),
            let pid = Int32(line.prefix { $0.isNumber })
        else { throw RawHTTP.Failure(what: "no worker in \(table)") }
        return pid
    }

    /// A reload of the files as they are, as anybody would ask for it.
    func reload() throws {
        let old = try worker()
        // Its answer is empty, and the connection ends with the process that takes it.
        _ = try UnixSocket.ask(path("master.sock"), "reload", until: "\n")
        try Program.wait("HAProxy has reloaded") { (try? told()).map { $0 != old } == true }
    }

    /// The servers that HAProxy sends requests to: administratively ready, and running.
    /// - Parameter backend: all without.
    func readyServers(of backend: String = "") throws -> Int {
        try runtime("show servers state \(backend)").split(separator: "\n").count { line in
            let fields = line.split(separator: " ", maxSplits: 7)
            return fields.count > 7 && fields[3].hasPrefix("s") && fields[5] == "2" && fields[6] == "0"
        }
    }

    /// Who answers for a host: `task`, `wake`, or the status of an answer that is no 200.
    func answerer(_ host: String) -> String? {
        guard let answer = try? RawHTTP.request(port: Self.web, "GET", "/", host: host), answer.utf8.count > 12 else {
            return nil
        }
        guard answer.hasPrefix("HTTP/1.1 200") else { return String(answer.dropFirst(9).prefix(3)) }
        return answer.components(separatedBy: "\r\n\r\n").last.map { String($0.prefix(4)) }
    }

    func waitUntil(_ host: String, isAnsweredBy who: String) throws {
        try Program.wait("\(host) is answered by \(who)", within: 120) { answerer(host) == who }
    }

    /// Returns once the first and the last of the apps that run are served by their tasks.
    func waitUntilServing(running: Int) throws {
        for number in [0, running - 1] { try waitUntil(Self.host(number), isAnsweredBy: "task") }
        try Program.wait("all servers are ready", within: 120) { try readyServers() == running }
        try worker()
    }
}
