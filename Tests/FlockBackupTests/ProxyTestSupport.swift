import FlockTesting
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@testable import FlockBackup

struct ProxyTestDirector: ProxyDirector {
    var onDirect: @Sendable (HTTPRequestHead) async -> ProxyDecision
    var onRedirect: @Sendable (Endpoint, Int) async -> ProxyDecision = { _, _ in
        .answer(status: .badGateway, headers: [:], body: ByteBuffer())
    }

    static func to(_ address: SocketAddress) -> ProxyTestDirector {
        ProxyTestDirector { _ in .forward(to: address) }
    }

    func direct(_ head: HTTPRequestHead) async -> ProxyDecision { await self.onDirect(head) }
    func redirect(_ head: HTTPRequestHead, after failed: Endpoint, attempt: Int) async -> ProxyDecision {
        await self.onRedirect(failed, attempt)
    }
}

extension ProxyDecision {
    static func forward(to address: SocketAddress) -> ProxyDecision { .forward(to: Endpoint(address)) }
}

extension Endpoint {
    init(_ address: SocketAddress) {
        self.init(taskID: "task", host: address.ipAddress ?? "", port: address.port ?? 0)
    }
}

/// A value tests and directors share.
final class ProxyShared<Value: Sendable>: Sendable {
    private let storage: Mutex<Value>
    init(_ value: Value) { self.storage = Mutex(value) }
    var value: Value { self.storage.withLock { $0 } }
    func set(_ value: Value) { self.storage.withLock { $0 = value } }
    func change(_ change: (inout Value) -> Void) { self.storage.withLock { change(&$0) } }
}

struct ProxyTimeout: Error, CustomStringConvertible {
    let description: String
}

/// Waits until the condition holds; throws after a deadline far beyond what it takes, and when cancelled.
func proxyWait(
    _ what: String, for limit: Duration = .seconds(60), until condition: @Sendable () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        if ContinuousClock.now > deadline { throw ProxyTimeout(description: "waited in vain: \(what)") }
        try await Task.sleep(for: .milliseconds(3))
    }
}

/// Runs a proxy on a free port for as long as the body runs.
func withProxy(
    _ director: ProxyTestDirector, limits: ProxyLimits = ProxyLimits(),
    _ body: (ProxyServer, SocketAddress) async throws -> Void
) async throws {
    var limits = limits
    limits.grace = .milliseconds(200)
    let server = ProxyServer(
        host: "127.0.0.1", port: 0, director: director, limits: limits)
    let address = try await server.bind()
    let running = Task { try await server.run() }
    do {
        try await body(server, address)
        running.cancel()
        try await running.value
    } catch {
        running.cancel()
        try? await running.value
        throw error
    }
    try await proxyWait("nothing is in flight after the end") { server.inFlight == 0 && server.connections == 0 }
}

/// Runs a Node app and a proxy in front of it.
func withAppBehindProxy(
    limits: ProxyLimits = ProxyLimits(), _ body: (ProxyServer, SocketAddress, ProxyNodeApp) async throws -> Void
) async throws {
    try await ProxyNodeApp.with { app in
        try await withProxy(.to(app.address), limits: limits) { try await body($0, $1, app) }
    }
}

/// An address that refuses.
func refusingAddress() async throws -> SocketAddress {
    try await SocketAddress(ipAddress: "127.0.0.1", port: freePorts(1)[0])
}
