import FlockCore
import FlockTesting
import Foundation
import Logging
import NIOCore
import Testing

@testable import FlockBackup

/// flock-backup in this process, before a Marathon that misbehaves: the real proxy, director and waker.
struct WakerSite {
    let marathon: MisbehavingMarathon
    let waker: Waker
    let server: ProxyServer
    let address: SocketAddress
    let settings: LiveSettings

    static func run(
        hold: String = "20s", page: String = "3s", maxHeldPerApp: Int = 1000, maxHeld: Int = 10_000,
        pages: String = "", _ body: (WakerSite) async throws -> Void
    ) async throws {
        try await MisbehavingMarathon.with { marathon in
            let settings = LiveSettings(
                try Self.settings(
                    marathon: marathon.port, hold: hold, page: page, maxHeldPerApp: maxHeldPerApp, maxHeld: maxHeld,
                    pages: pages))
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let folder = try TemporaryFolder()
            let waker = Waker(settings: settings, state: StateFolder(folder.path), logger: logger)
            await waker.loseMarathon()
            var limits = ProxyLimits()
            limits.grace = .milliseconds(200)
            // On a busy machine a second may pass; a task would then count as gone.
            limits.connect = .seconds(30)
            let page = WaitingPage(try PageTemplates(settings: settings, logger: logger))
            let director = BackupDirector(waker: waker, page: page, settings: settings)
            let server = ProxyServer(host: "127.0.0.1", port: 0, director: director, limits: limits, logger: logger)
            let address = try await server.bind()
            let running = Task {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await waker.run() }
                    group.addTask { try await server.run() }
                    try await group.waitForAll()
                }
            }
            do {
                try await eventually("the waker knows that it is connected") { await waker.outage.since == nil }
                try await body(
                    WakerSite(marathon: marathon, waker: waker, server: server, address: address, settings: settings))
                running.cancel()
                try await running.value
            } catch {
                running.cancel()
                try? await running.value
                throw error
            }
        }
    }

    static func settings(
        marathon port: Int, hold: String, page: String, maxHeldPerApp: Int, maxHeld: Int, pages: String
    ) throws -> Settings {
        try .defaults(
            "marathon=[http://127.0.0.1:\(port)]", "backup.hold=\(hold)", "backup.page=\(page)",
            "backup.pages=\(pages)",
            "backup.maxHeldPerApp=\(maxHeldPerApp)", "backup.maxHeld=\(maxHeld)")
    }

    /// A request on a connection of its own, as HAProxy would send it.
    func send(
        _ path: String = "/hello", app: String = "/app-1.0.0", method: String = "GET", headers: [String] = [],
        body: String? = nil
    ) async throws -> ProxyTestClient {
        let client = try await ProxyTestClient.connect(to: address)
        var lines = ["\(method) \(path) HTTP/1.1", "Host: app.flock.localhost", "X-Flock-App: \(app)"] + headers
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        try await client.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
        return client
    }

    /// The whole answer of a request that closes its connection.
    func ask(
        _ path: String = "/hello", app: String = "/app-1.0.0", method: String = "GET", headers: [String] = []
    ) async throws -> Answer {
        let client = try await send(path, app: app, method: method, headers: headers + ["Connection: close"])
        try await eventually("an answer to \(path)", within: .seconds(60)) { client.ended }
        client.close()
        return Answer(client.text)
    }

    /// Whether the back-off after the app's first failure lasts.
    func isLeftAlone(_ app: String = "/app-1.0.0") async -> Bool {
        guard let backOff = await waker.entries[app]?.backOff else { return false }
        return backOff.failures == 1 && backOff.left(at: .now) != nil
    }

    func waiting(_ app: String = "/app-1.0.0") async -> Int { await waker.holdReport(app, for: .example).waiting }

    struct Answer: Sendable {
        let status: Int
        let head: String
        let body: String

        init(_ text: String) {
            let end = text.range(of: "\r\n\r\n")
            head = end.map { String(text[..<$0.lowerBound]) } ?? text
            body = end.map { String(text[$0.upperBound...]) } ?? ""
            status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        }

        func header(_ name: String) -> String? {
            head.components(separatedBy: "\r\n").dropFirst()
                .first { $0.lowercased().hasPrefix(name.lowercased() + ": ") }
                .map { String($0.dropFirst(name.count + 2)) }
        }
    }
}

extension Waker {
    /// Connecting ends the outage: the only trace that it leaves.
    fileprivate func loseMarathon() { outage.failed(at: clock.now) }
}
