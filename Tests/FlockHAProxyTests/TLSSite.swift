import FlockCore
import FlockTesting
import Foundation
import HAProxy
import Logging
import Marathon
import Synchronization

@testable import FlockHAProxy

/// A HAProxy that speaks TLS, driven as flock-haproxy drives it, before one Node app at `shop.flock.localhost`. The same
/// program stands in for flock-backup, and `asleep.flock.localhost` sleeps.
final class TLSSite: Sendable {
    let folder: TemporaryFolder
    let authority: TestAuthority
    let driver: HAProxyDriver
    let settings: LiveSettings
    let port: Int
    let plainPort: Int
    let log = LogLines()
    private let app: Process
    private let table: RoutingTable

    private init(_ style: Settings.HTTP.Style, _ authority: TestAuthority) async throws {
        folder = try TemporaryFolder()
        self.authority = authority
        let ports = try await freePorts(4)
        (port, plainPort) = (ports[0], ports[1])
        var settings = try RenderedFilesTests.settings(style)
        settings.http.listen.port = plainPort
        settings.stats.listen.port = ports[2]
        settings.backup.listen.port = ports[3]
        settings.https.listen = ListenAddress(host: "127.0.0.1", port: port)
        settings.https.certificates = authority.folder
        self.settings = LiveSettings(settings)
        table = RoutingTable(
            apps: [AppExamples.app("shop", "1.0.0", ports: [ports[3]]), AppExamples.app("asleep", "2.0.0")],
            domain: settings.domain)
        driver = try Self.driver(self.settings, folder, log)
        app = try Self.startApp(port: ports[3], release: "\(folder.path)/release")
    }

    private static func driver(
        _ settings: LiveSettings, _ folder: TemporaryFolder, _ log: LogLines
    ) throws -> HAProxyDriver {
        try HAProxyDriver(
            settings: settings, folder: "\(folder.path)/haproxy",
            logger: Logger(label: "test") { _ in LogRecorder(lines: log) })
    }

    /// - Parameter certificates: puts the first ones there, before HAProxy starts.
    static func serving(
        _ style: Settings.HTTP.Style = .map, certificates: (TestAuthority) async throws -> Void = { _ in },
        _ body: (TLSSite) async throws -> Void
    ) async throws {
        let authority = try await TestAuthority()
        try await certificates(authority)
        let site = try await TLSSite(style, authority)
        defer {
            site.app.terminate()
            site.app.waitUntilExit()
        }
        var failure: (any Error)?
        do {
            let app = "http://\(site.settings.current.backup.listen)/"
            try await eventually("the app listens") { try await run("curl", ["-s", app]).isSuccess }
            try await site.driver.start()
            try await site.apply()
            try await body(site)
        } catch {
            failure = error
            print(site.log.text)
        }
        try await site.driver.stop()
        if let failure { throw failure }
    }

    /// Brings the routes to HAProxy, which takes a reload the first time.
    func apply(with driver: HAProxyDriver? = nil) async throws {
        try await eventually("the routes are applied") {
            try await (driver ?? self.driver).apply(table) { _, _ in true } == .applied
        }
    }

    /// A flock-haproxy that comes after the one that started HAProxy.
    func successor() throws -> HAProxyDriver { try Self.driver(settings, folder, log) }

    private static func startApp(port: Int, release: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "node", "-e",
            """
            const fs = require("node:fs");
            require("node:http").createServer((request, response) => {
              if (request.url === "/woke") response.setHeader("X-Flock-Woke", "42");
              if (request.url === "/odd-woke") response.setHeader("X-Flock-Woke", '1,"status":9');
              if (request.url === "/own-hsts") response.setHeader("Strict-Transport-Security", "max-age=1");
              if (request.url !== "/slow") return response.end(JSON.stringify(request.headers));
              fs.writeFileSync(process.argv[2] + ".began", "");
              const timer = setInterval(() => {
                response.write("x");
                if (fs.existsSync(process.argv[2])) { clearInterval(timer); response.end("done"); }
              }, 20);
            }).listen(process.argv[1], "127.0.0.1");
            """, String(port), release,
        ]
        process.standardInput = FileHandle.nullDevice
        try process.start()
        return process
    }

    /// Waits until the app has begun to answer `/slow`.
    func hasBegun() async throws {
        try await eventually("the slow answer has begun") {
            FileManager.default.fileExists(atPath: "\(folder.path)/release.began")
        }
    }

    /// Lets `/slow` end.
    func release() throws { try Data().write(to: URL(fileURLWithPath: "\(folder.path)/release")) }

    /// The head of what is answered over plain http, with its status and where it leads to at the end.
    func plain(_ path: String, host: String, _ arguments: String...) async throws -> String {
        try await run(
            "curl",
            [
                "-s", "--max-time", "20", "-o", "/dev/null", "-D", "-", "-w", "%{http_code} %{redirect_url}", "-H",
                "Host: \(host)",
            ]
                + arguments
                + ["http://127.0.0.1:\(plainPort)\(path)"]
        ).output
    }

    func change(_ change: (inout Settings) -> Void) async throws {
        var settings = settings.current
        change(&settings)
        self.settings.replace(with: settings)
        try await apply()
    }

    /// What curl says, which trusts the test's authority.
    func curl(_ arguments: String...) async throws -> Ran {
        try await run("curl", ["-sS", "--max-time", "30", "--cacert", authority.root] + arguments)
    }

    func url(_ path: String = "/", host: String = "shop.flock.localhost") -> String { "https://\(host):\(port)\(path)" }

    /// The certificate's subject and serial number that a client gets who asks for the host.
    func served(_ host: String = "shop.flock.localhost") async throws -> String {
        try await run(
            "sh",
            [
                "-c",
                "openssl s_client -connect 127.0.0.1:\(port) -servername \(host) 2>&1 | openssl x509 -noout -subject -serial",
            ]
        ).output
    }

    /// What openssl says of a connection by one version of the protocol, whatever it thinks of that itself.
    func handshake(_ version: String) async throws -> String {
        try await run(
            "openssl",
            [
                "s_client", "-connect", "127.0.0.1:\(port)", "-servername", "shop.flock.localhost", version, "-cipher",
                "DEFAULT@SECLEVEL=0",
            ]
        ).output
    }

    func follows(_ what: String, with driver: HAProxyDriver? = nil, _ condition: () async throws -> Bool) async throws {
        try await eventually(what) {
            try await (driver ?? self.driver).followCertificates()
            return try await condition()
        }
    }
}

final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    func append(_ line: String) { lines.withLock { $0.append(line) } }
}

/// Keeps what is logged.
struct LogRecorder: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    init(lines: LogLines) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
}
