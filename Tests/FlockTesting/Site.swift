public import AsyncHTTPClient
public import FlockCore
import Foundation
public import Marathon
import NIOCore
import NIOFoundationCompat
public import NIOHTTP1

/// All daemons of Flock as their own processes, with real HAProxy, on free ports and in a folder of their own.
public final class Site: Sendable {
    public static let daemons = ["flock-engine", "flock-haproxy", "flock-backup", "flock-scaler", "flock-hook"]

    public let folder: TemporaryFolder
    public let http: HTTPClient
    public let webPort: Int
    public let hookPort: Int
    public let artifactsPort: Int
    public let enginePort: Int
    public let statsPort: Int
    public let backupPort: Int
    private let running = Running()
    private let overrides: [String]

    public var state: String { "\(folder.path)/state" }
    public var config: String { "\(folder.path)/flock.yaml" }
    public var marathon: MarathonClient {
        MarathonClient(servers: [URL(string: "http://127.0.0.1:\(enginePort)")].compactMap(\.self), http: http) {
            [state] in
            (try? String(contentsOfFile: StateFolder(state).engineToken, encoding: .utf8)).map {
                "Bearer \($0.trimmingCharacters(in: .whitespacesAndNewlines))"
            }
        }
    }

    private actor Running {
        var binaries: [String: Binary] = [:]
        func set(_ binary: Binary) { binaries[binary.name] = binary }
    }

    private init(idleAfter: String, settings: [String], lines: String = "") async throws {
        overrides = settings.flatMap { ["--set", $0] }
        folder = try TemporaryFolder()
        let ports = try await freePorts(6)
        let taskPorts = freePortRange(50)
        (webPort, hookPort, enginePort) = (ports[0], ports[1], ports[2])
        // A test may choose these two.
        func chosen(_ key: String) -> Int? {
            settings.last { $0.hasPrefix("\(key)=") }?.split(separator: ":").last.flatMap { Int($0) }
        }
        statsPort = chosen("stats.listen") ?? ports[3]
        backupPort = chosen("backup.listen") ?? ports[4]
        artifactsPort = ports[5]
        var configuration = MarathonClient.httpConfiguration
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 256
        configuration.timeout.connect = .seconds(30)
        configuration.timeout.read = .seconds(60)
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        try """
        domain: flock.test
        state: \(folder.path)/state
        http: {listen: "127.0.0.1:\(webPort)"}
        stats: {listen: "127.0.0.1:\(statsPort)"}
        hook: {listen: "127.0.0.1:\(hookPort)", artifacts: "127.0.0.1:\(artifactsPort)", healthTimeout: 2m}
        backup: {listen: "127.0.0.1:\(backupPort)", hold: 30s}
        scaler: {every: 200ms, idleAfter: \(idleAfter)}
        engine: {listen: "127.0.0.1:\(enginePort)", ports: \(taskPorts.lowerBound)-\(taskPorts.upperBound)}
        \(lines)

        """.write(toFile: "\(folder.path)/flock.yaml", atomically: true, encoding: .utf8)
    }

    /// Starts everything, hands it to the test, and ends everything, however the test ends.
    /// - Parameters:
    ///   - settings: `key=value`, as `--set` takes them.
    ///   - lines: more of flock.yaml.
    ///   - daemons: those that are started.
    ///   - parts: that have to be healthy before the test begins.
    public static func run(
        idleAfter: String = "1h", settings: [String] = [], lines: String = "",
        daemons: [String] = Site.daemons, parts: [StateFolder.Part] = StateFolder.Part.allCases,
        _ test: (Site) async throws -> Void
    ) async throws {
        let site = try await Site(idleAfter: idleAfter, settings: settings, lines: lines)
        var failure: (any Error)?
        do {
            for daemon in daemons { try await site.start(daemon) }
            try await site.isHealthy(parts)
            try await test(site)
        } catch {
            failure = error
            for daemon in daemons { print("--- \(daemon)\n\(site.log(daemon).suffix(6000))") }
        }
        try await site.stop(after: failure)
    }

    /// Everything as one `flock up`, handed to the test and ended by Ctrl-C.
    public static func up(_ test: (Site) async throws -> Void) async throws {
        let site = try await Site(idleAfter: "1h", settings: [])
        var failure: (any Error)?
        do {
            try await site.startUp()
            try await test(site)
        } catch {
            failure = error
            print("--- flock up\n\(site.log("flock").suffix(6000))")
        }
        try await site.stop(by: SIGINT, after: failure)
    }

    public func startUp() async throws {
        await running.set(try Binary.start("flock", ["up", "--config", config], log: "\(folder.path)/flock.log"))
        try await isHealthy()
    }

    /// Ctrl-C, and the wait until `flock up` has ended as it should.
    public func interrupt() async throws {
        guard let up = await running.binaries["flock"] else { return }
        up.signal(SIGINT)
        let status = try await up.status()
        guard status == 0 else { throw NeverHappened(description: "flock up ended with \(status)") }
    }

    /// Commands that work in the site's folder, whoever started them.
    public func processes() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid in
            let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
            guard folder?.hasPrefix(state) == true else { return nil }
            return FileManager.default.contents(atPath: "/proc/\(pid)/cmdline").map {
                String(decoding: $0, as: UTF8.self)
            }
        }
    }

    /// A request to the engine's API.
    public func engine(_ method: HTTPMethod, _ path: String, _ body: String) async throws -> (status: Int, body: String)
    {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(enginePort)\(path)")
        request.method = method
        let token = try String(contentsOfFile: StateFolder(state).engineToken, encoding: .utf8)
        request.headers.add(name: "Authorization", value: "Bearer \(token.trimmingCharacters(in: .newlines))")
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await http.execute(request, timeout: .seconds(30))
        return (Int(response.status.code), String(buffer: try await response.body.collect(upTo: 1 << 20)))
    }

    /// - Parameter fault: a point of `CrashPoint` where it is to be killed, or stopped.
    public func start(_ daemon: String, fault: String? = nil) async throws {
        await running.set(
            try Binary.start(
                daemon, ["--config", config, "--log-level", "debug"] + overrides,
                environment: fault.map { ["FLOCK_FAULT": $0] } ?? [:], log: "\(folder.path)/\(daemon).log"))
    }

    /// The process of a daemon that was started.
    public func process(_ daemon: String) async throws -> Binary {
        guard let binary = await running.binaries[daemon] else {
            throw NeverHappened(description: "\(daemon) was not started")
        }
        return binary
    }

    public func kill9(_ daemon: String) async throws {
        guard let binary = await running.binaries[daemon] else { return }
        binary.signal(SIGKILL)
        try await binary.waitUntilExit()
    }

    /// Waits until each part says that it can do its job, and listens where others ask it, beside its socket.
    public func isHealthy(_ parts: [StateFolder.Part] = StateFolder.Part.allCases) async throws {
        for part in parts {
            try await eventually("flock-\(part.rawValue) is healthy") {
                let client = PartClient(part, state: StateFolder(state), http: http)
                return (try? await client.open(.GET, "/health", timeout: .seconds(2)).collect(upTo: 1024)) != nil
            }
            let ports =
                switch part {
                case .engine: [enginePort]
                case .backup: [backupPort]
                case .hook: [hookPort, artifactsPort]
                default: [Int]()
                }
            for port in ports {
                try await eventually("flock-\(part.rawValue) listens at \(port)") { await accepts(port) }
            }
        }
    }

    /// The value of a part's counter or gauge.
    public func metric(_ name: String, of part: StateFolder.Part) async throws -> Int {
        try await Self.metric(name, of: part, state: StateFolder(state), http: http)
    }

    static func metric(
        _ name: String, of part: StateFolder.Part, state: StateFolder, http: HTTPClient
    ) async throws -> Int {
        let text = String(
            buffer: try await PartClient(part, state: state, http: http)
                .open(.GET, "/metrics", timeout: .seconds(30)).collect(upTo: 1 << 20))
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        guard let value = line?.split(separator: " ").last.flatMap({ Double($0) }) else {
            throw NeverHappened(description: "flock-\(part.rawValue) has no metric \(name): \(text)")
        }
        return Int(value)
    }

    /// The last decisions of its scaler about an app.
    public func decisions(about app: String) async throws -> [Decision] {
        try await Decision.ask(about: app, state: StateFolder(state), http: http)
    }

    /// Requests that flock-backup keeps for an app.
    public func requestsHeld(for appID: String) async throws -> Int {
        try await Self.requestsHeld(for: appID, state: StateFolder(state), http: http)
    }

    static func requestsHeld(for appID: String, state: StateFolder, http: HTTPClient) async throws -> Int {
        struct Report: Decodable { var waiting: Int }
        let backup = PartClient(.backup, state: state, http: http)
        return try await backup.ask(.GET, "/v1/hold?app=\(appID)&holder=test", timeout: .seconds(30), as: Report.self)
            .waiting
    }

    /// Tasks that the engine has started so far.
    public var launches: Int { log("flock-engine").components(separatedBy: "task launched").count - 1 }

    public func log(_ daemon: String) -> String {
        (try? String(contentsOfFile: "\(folder.path)/\(daemon).log", encoding: .utf8)) ?? ""
    }

    /// SIGTERM leaves HAProxy and tasks; `flock down` ends those.
    private func stop(by signal: Int32 = SIGTERM, after failure: (any Error)?) async throws {
        try await tidyUp(
            after: failure,
            { try await Binary.end(self.running.binaries.values, by: signal) },
            { try await Self.down(self.config) },
            { try await self.http.shutdown() })
    }

    static func down(_ config: String) async throws {
        let down = try await FlockTesting.run(Binary.path("flock"), ["down", "--config", config])
        if !down.isSuccess { throw NeverHappened(description: "flock down: \(down.output)") }
    }

    /// Waits until HAProxy itself sends requests to a task of the app, rather than to flock-backup.
    public func isServedByTask(_ backend: String) async throws {
        try await eventually("HAProxy has a task of \(backend)") { try await serversThatServe(of: backend) > 0 }
    }

    /// Servers in HAProxy's statistics that stand for tasks and are up.
    public func serversThatServe(of backend: String = "app_") async throws -> Int {
        try await statistics().count { cells in
            cells[0].hasPrefix(backend) && cells[1].wholeMatch(of: /s[0-9]+/) != nil && cells[17].hasPrefix("UP")
        }
    }

    /// The rows of HAProxy's statistics, without the heading.
    public func statistics() async throws -> [[String]] {
        try await get("http://127.0.0.1:\(statsPort)/stats;csv").split(separator: "\n").dropFirst().map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// What any server answers, such as a task.
    public func get(_ url: String) async throws -> String {
        let response = try await http.execute(HTTPClientRequest(url: url), timeout: .seconds(30))
        return String(buffer: try await response.body.collect(upTo: 1 << 20))
    }

    // MARK: What a person does

    public func flock(_ arguments: [String]) async throws -> Ran {
        try await FlockTesting.run(Binary.path("flock"), arguments + ["--config", config])
    }

    /// The rows of `flock apps --json`.
    public func apps() async throws -> [[String: any Sendable]] {
        let ran = try await flock(["apps", "--json"])
        let rows = try JSONSerialization.jsonObject(with: Data(ran.output.utf8)) as? [[String: Any]] ?? []
        return rows.map { row in
            row.compactMapValues { value in (value as? String) ?? (value as? Int).map { $0 as any Sendable } }
        }
    }

    /// A program's folder with a repository to push to.
    public func makeApp(_ name: String, files: [String: String]) async throws -> Program {
        let created = try await flock(["repo", "create", name])
        guard created.isSuccess else { throw NeverHappened(description: created.output) }
        let program = Program(path: "\(folder.path)/\(name)")
        try FileManager.default.createDirectory(atPath: program.path, withIntermediateDirectories: true)
        try await program.git(["init", "-q", "-b", "main"])
        try await program.git(["remote", "add", "flock", "\(state)/git/\(name).git"])
        try await program.commit(files)
        return program
    }

    // MARK: What a browser does

    /// A request through HAProxy.
    public func request(
        _ host: String, _ path: String = "/", method: HTTPMethod = .GET, body: [UInt8]? = nil,
        headers: [String: String] = [:]
    ) async throws -> (status: Int, body: String, headers: HTTPHeaders) {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(webPort)\(path)")
        request.method = method
        request.headers.add(name: "Host", value: host)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await http.execute(request, timeout: .seconds(60))
        let text = String(buffer: try await response.body.collect(upTo: 64 << 20))
        return (Int(response.status.code), text, response.headers)
    }
}

/// A working copy.
public struct Program: Sendable {
    public let path: String

    public init(path: String) {
        self.path = path
    }

    @discardableResult
    public func git(_ arguments: [String]) async throws -> Ran {
        let ran = try await run("git", arguments, in: path)
        guard ran.isSuccess else { throw NeverHappened(description: "git \(arguments): \(ran.output)") }
        return ran
    }

    public func commit(_ files: [String: String], message: String = "change") async throws {
        for (name, text) in files {
            let file = URL(fileURLWithPath: "\(path)/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        try await git(["add", "-A"])
        try await git(["commit", "-q", "-m", message])
    }

    /// - Returns: what the pusher saw.
    @discardableResult
    public func push(_ reference: String = "main") async throws -> String {
        try await git(["push", "flock", reference]).output
    }
}
