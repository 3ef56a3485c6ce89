import AsyncHTTPClient
import FlockCore
public import Foundation
import NIOHTTP1

/// A flock-scaler beside a ``Site``, with a flock.yaml of its own, which a test may change while it runs.
public final class OwnScaler: Sendable {
    public let state: String

    private let site: Site
    private let config: String
    private let binary: Binary

    /// Starts one, hands it to the test once it has looked, and ends it, however the test ends.
    /// - Parameters:
    ///   - state: the site's, in place of its own scaler, unless it is to run beside that.
    ///   - lines: of its flock.yaml, from line 4 on.
    public static func run(
        _ site: Site, state: String? = nil, _ lines: String, _ test: (OwnScaler) async throws -> Void
    ) async throws {
        let scaler = try OwnScaler(site, state: state ?? site.state, lines)
        var failure: (any Error)?
        do {
            try await scaler.looks(1)
            try await test(scaler)
        } catch {
            failure = error
            print("--- own flock-scaler\n\(scaler.log.suffix(6000))")
        }
        try await tidyUp(after: failure) { try await Binary.end([scaler.binary]) }
    }

    private init(_ site: Site, state: String, _ lines: String) throws {
        self.site = site
        self.state = state
        config = "\(site.folder.path)/scaler.yaml"
        try Self.write(lines, to: config, state, site)
        binary = try Binary.start(
            "flock-scaler", ["--config", config, "--log-level", "debug"], log: "\(site.folder.path)/own-scaler.log")
    }

    private static func write(_ lines: String, to config: String, _ state: String, _ site: Site) throws {
        let head = """
            domain: flock.test
            state: \(state)
            engine: {listen: "127.0.0.1:\(site.enginePort)"}

            """
        try (head + lines).write(toFile: config, atomically: true, encoding: .utf8)
    }

    /// Writes other lines into its flock.yaml.
    public func change(_ lines: String) throws { try Self.write(lines, to: config, state, site) }

    public var log: String { binary.output }

    /// Waits until it has looked so many times more.
    public func looks(_ count: Int) async throws {
        let before = (try? await metric("flock_scaler_looks_total")) ?? 0
        // It looks less often on a machine that is slow to answer it: every five seconds at the least.
        try await eventually("the scaler has looked \(count) times", within: .seconds(30 + 6 * count)) {
            (try? await metric("flock_scaler_looks_total")) ?? 0 >= before + count
        }
    }

    /// The value of one of its counters or gauges.
    public func metric(_ name: String) async throws -> Int {
        try await Site.metric(name, of: .scaler, state: StateFolder(state), http: site.http)
    }

    /// Whether it says that it can do its job.
    public func isHealthy() async -> Bool {
        let client = PartClient(.scaler, state: StateFolder(state), http: site.http)
        return (try? await client.open(.GET, "/health", timeout: .seconds(2)).collect(upTo: 1024)) != nil
    }

    /// Its last decisions about an app.
    public func decisions(about app: String) async throws -> [Decision] {
        try await Decision.ask(about: app, state: StateFolder(state), http: site.http)
    }

    /// Requests in flight to an app, for all that it knows.
    public func sessions(of app: String) async throws -> Int? {
        struct Activity: Decodable {
            var app: String
            var sessions: Int
        }
        let all = try await PartClient(.scaler, state: StateFolder(state), http: site.http)
            .ask(.GET, "/v1/apps", as: [Activity].self)
        return all.first { $0.app == app }?.sessions
    }
}

/// What a scaler decided about an app, as it tells `flock-scaler explain`.
public struct Decision: Decodable, Sendable, Hashable {
    public var at: Date
    public var action: String
    public var rule: String
    public var instances: Int
    public var wanted: Int
    public var prevented: String?

    /// Oldest first; none about an app that the scaler has not seen yet.
    static func ask(about app: String, state: StateFolder, http: HTTPClient) async throws -> [Decision] {
        struct Answer: Decodable { var decisions: [Decision] }
        do {
            return try await PartClient(.scaler, state: state, http: http)
                .ask(.GET, "/v1/decisions?app=\(app)", as: Answer.self).decisions
        } catch let error as PartClient.Failure where error.code == .notFound {
            return []
        }
    }
}
