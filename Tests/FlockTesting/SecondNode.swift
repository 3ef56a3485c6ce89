public import FlockCore
import Foundation
import NIOCore
import NIOHTTP1

/// A second machine beside a ``Site``: a flock-haproxy with a HAProxy of its own and a flock-backup, in a state folder
/// of their own, that know the site's Marathon and are known to its scaler.
public final class SecondNode: Sendable {
    public static let daemons = ["flock-haproxy", "flock-backup"]

    /// Where its HAProxy answers.
    public let webPort: Int
    private let statsPort: Int
    public var state: String { "\(folder.path)/state" }

    private let site: Site
    private let plan: Plan
    private let folder: TemporaryFolder
    private let running = Running()

    private actor Running {
        var binaries: [String: Binary] = [:]
        func set(_ binary: Binary) { binaries[binary.name] = binary }
    }

    /// What the two share.
    private struct Plan {
        let folder: TemporaryFolder
        /// Web, statistics, warm-up server, verbs of flock-haproxy, verbs of flock-backup; then the site's statistics
        /// and warm-up server.
        let ports: [Int]

        private func address(_ index: Int) -> String { "127.0.0.1:\(ports[index])" }
        private var token: String { "\(folder.path)/token" }
        private var servers: String { #"["\#(address(6))", "\#(address(2))"]"# }

        init() async throws {
            folder = try TemporaryFolder()
            ports = try await freePorts(7)
            try "\(UUID())".write(toFile: token, atomically: true, encoding: .utf8)
        }

        func linesOfScaler(_ settings: String, reaching isReached: Bool) -> String {
            let statistics = [5, 1].map { #""http://\#(address($0))/stats;csv""# }
            let nodes = [3, 4].map { ["local", #""http://\#(address($0))""#].prefix(isReached ? 2 : 1) }
            return """
                scaler: {haproxy: [\(statistics.prefix(isReached ? 2 : 1).joined(separator: ", "))], \(settings)}
                parts:
                  token: {file: "\(token)"}
                  haproxy: {nodes: [\(nodes[0].joined(separator: ", "))]}
                  backup: {nodes: [\(nodes[1].joined(separator: ", "))]}

                """
        }

        var settingsOfSite: [String] {
            [
                "stats.listen=\(address(5))", "backup.listen=\(address(6))", "backup.servers=\(servers)",
                #"scaler.haproxy=["http://\#(address(5))/stats;csv", "http://\#(address(1))/stats;csv"]"#,
                "parts.token.file=\(token)", #"parts.haproxy.nodes=[local, "http://\#(address(3))"]"#,
                #"parts.backup.nodes=[local, "http://\#(address(4))"]"#,
            ]
        }

        func write(_ site: Site) throws {
            try """
            domain: flock.test
            state: \(folder.path)/state
            marathon: ["http://127.0.0.1:\(site.enginePort)"]
            marathonToken: {file: "\(StateFolder(site.state).engineToken)"}
            http: {listen: "\(address(0))"}
            stats: {listen: "\(address(1))"}
            backup: {listen: "\(address(2))", hold: 30s, servers: \(servers)}
            parts:
              token: {file: token}
              haproxy: {listen: "\(address(3))"}
              backup: {listen: "\(address(4))"}

            """.write(toFile: "\(folder.path)/flock.yaml", atomically: true, encoding: .utf8)
        }
    }

    private init(_ plan: Plan, _ site: Site) {
        self.site = site
        self.plan = plan
        folder = plan.folder
        webPort = plan.ports[0]
        statsPort = plan.ports[1]
    }

    /// Starts a site and a node that does not run yet, and ends both, however the test ends.
    public static func run(idleAfter: String = "1h", _ test: (Site, SecondNode) async throws -> Void) async throws {
        let plan = try await Plan()
        // The scaler is not healthy without the node's statistics.
        let parts: [StateFolder.Part] = [.engine, .haproxy, .backup, .hook]
        try await Site.run(idleAfter: idleAfter, settings: plan.settingsOfSite, parts: parts) { site in
            try plan.write(site)
            let node = SecondNode(plan, site)
            var failure: (any Error)?
            do {
                try await test(site, node)
            } catch {
                failure = error
                for daemon in daemons { print("--- second \(daemon)\n\(node.log(daemon).suffix(6000))") }
            }
            try await tidyUp(
                after: failure,
                { try await Binary.end(node.running.binaries.values) },
                { try await Site.down("\(node.folder.path)/flock.yaml") })
        }
    }

    /// Starts its daemons, and waits until they can do their job.
    public func start(_ chosen: [String] = daemons) async throws {
        for daemon in chosen {
            await running.set(
                try Binary.start(
                    daemon, ["--config", "\(folder.path)/flock.yaml", "--log-level", "debug"],
                    log: "\(folder.path)/\(daemon).log"))
        }
        for part in [StateFolder.Part.haproxy, .backup] where chosen.contains("flock-\(part.rawValue)") {
            try await eventually("the second flock-\(part.rawValue) is healthy") {
                let client = PartClient(part, state: StateFolder(state), http: site.http)
                return (try? await client.open(.GET, "/health", timeout: .seconds(2)).collect(upTo: 1024)) != nil
            }
        }
    }

    /// Waits until its HAProxy itself sends requests to a task of the app, rather than to a flock-backup.
    public func isServedByTask(_ backend: String) async throws {
        try await eventually("the second HAProxy has a task of \(backend)") { try await serves(backend) }
    }

    /// Whether its HAProxy would send a request to a task of the app.
    public func serves(_ backend: String) async throws -> Bool {
        try await site.get("http://127.0.0.1:\(statsPort)/stats;csv").split(separator: "\n").contains { line in
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            return cells.count > 17 && cells[0] == backend && cells[1].wholeMatch(of: /s[0-9]+/) != nil
                && cells[17].hasPrefix("UP")
        }
    }

    /// More of the flock.yaml of an ``OwnScaler``: where it finds the site's HAProxy and parts, and this node's if it is to
    /// be reached.
    /// - Parameter settings: more of its scaler section.
    public func linesOfScaler(_ settings: String, reaching isReached: Bool) -> String {
        plan.linesOfScaler(settings, reaching: isReached)
    }

    public func kill9(_ daemon: String) async throws {
        guard let binary = await running.binaries[daemon] else { return }
        binary.signal(SIGKILL)
        try await binary.waitUntilExit()
    }

    public func log(_ daemon: String) -> String {
        (try? String(contentsOfFile: "\(folder.path)/\(daemon).log", encoding: .utf8)) ?? ""
    }

    /// The value of a part's counter or gauge.
    public func metric(_ name: String, of part: StateFolder.Part) async throws -> Int {
        try await Site.metric(name, of: part, state: StateFolder(state), http: site.http)
    }

    /// Requests that its flock-backup keeps for an app.
    public func requestsHeld(for appID: String) async throws -> Int {
        try await Site.requestsHeld(for: appID, state: StateFolder(state), http: site.http)
    }
}
