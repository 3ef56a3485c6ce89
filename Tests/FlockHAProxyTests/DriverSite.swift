import FlockCore
import FlockTesting
import Foundation
import HAProxy
import Logging
import Marathon

@testable import FlockHAProxy

/// A driver with a real HAProxy, in a folder of its own; routes come from the test rather than from a Marathon.
final class DriverSite: Sendable {
    let driver: HAProxyDriver
    let settings: LiveSettings
    let paths: HAProxyPaths
    let port: Int
    let log = LogLines()
    private let folder: TemporaryFolder

    private init(style: Settings.HTTP.Style, binary: String?, openFiles: Int?) async throws {
        folder = try TemporaryFolder()
        let ports = try await freePorts(3)
        port = ports[0]
        var values = try RenderedFilesTests.settings(style)
        values.domain = HostDomain("flock.test")!
        values.http.listen = ListenAddress(host: "127.0.0.1", port: ports[0])
        values.stats.listen = ListenAddress(host: "127.0.0.1", port: ports[1])
        // Nobody is there: what is led to flock-backup fails.
        values.backup.listen = ListenAddress(host: "127.0.0.1", port: ports[2])
        settings = LiveSettings(values)
        paths = try HAProxyPaths(folder: "\(folder.path)/haproxy")
        driver = try Self.driver(settings, folder, log, binary: binary, openFiles: openFiles)
    }

    private static func driver(
        _ settings: LiveSettings, _ folder: TemporaryFolder, _ log: LogLines, binary: String? = nil,
        openFiles: Int? = nil
    ) throws -> HAProxyDriver {
        try HAProxyDriver(
            settings: settings, folder: "\(folder.path)/haproxy", binary: binary,
            openFiles: openFiles ?? OpenFiles.limit.hard, logger: Logger(label: "test") { _ in LogRecorder(lines: log) }
        )
    }

    /// A flock-haproxy that comes after the one that started HAProxy.
    func successor() throws -> HAProxyDriver { try Self.driver(settings, folder, log) }

    static func run(
        style: Settings.HTTP.Style = .map, binary: String? = nil, openFiles: Int? = nil,
        _ test: (DriverSite) async throws -> Void
    ) async throws {
        let site = try await DriverSite(style: style, binary: binary, openFiles: openFiles)
        let result: Result<Void, any Error>
        do {
            try await site.driver.start()
            result = .success(try await test(site))
        } catch {
            result = .failure(error)
        }
        try await site.driver.stop()
        try result.get()
    }

    /// Brings HAProxy to these apps, their reload included.
    func apply(_ apps: [App], with driver: HAProxyDriver? = nil) async throws {
        let driver = driver ?? self.driver
        let table = RoutingTable(apps: apps, domain: settings.current.domain)
        while case .reloadDue(let moment) = try await driver.apply(table, isServing: { _, _ in true }) {
            try await Task.sleep(until: moment)
        }
    }

    /// What HAProxy counted of a backend.
    func row(of backend: String) async throws -> StatsRow? {
        let csv = try await FlockTesting.run("curl", ["-s", "http://\(settings.current.stats.listen)/stats;csv"]).output
        return try StatsCSV.rows(in: Array(csv.utf8), keeping: [.backend]).first { $0.proxy == backend }
    }

    struct Answer: Sendable {
        var status: Int
        /// As it came, head and body.
        var text: String
        /// What the app saw, where it was one that answered.
        var seen: EchoServers.Seen?
    }

    /// A request of curl's.
    func get(_ host: String, _ path: String = "/", _ arguments: [String] = []) async throws -> Answer {
        let ran = try await FlockTesting.run(
            "curl",
            ["-s", "-i", "--max-time", "20", "--path-as-is", "-H", "Host: \(host)"] + arguments
                + ["http://127.0.0.1:\(port)\(path)"])
        let parts = ran.output.components(separatedBy: "\r\n\r\n")
        let seen = try? JSONDecoder().decode(EchoServers.Seen.self, from: Data((parts.last ?? "").utf8))
        return Answer(
            status: ran.output.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0, text: ran.output,
            seen: seen)
    }
}
