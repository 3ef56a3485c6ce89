public import Logging
public import NIOCore
import NIOHTTP1
public import NIOPosix
import Synchronization

/// An HTTP/1.1 reverse proxy that asks a director where each request goes.
///
/// Bodies are streamed both ways; no more than a read buffer of a body is held while its way is undecided. After a 101
/// the connection is a tunnel of bytes. A client that ends its side (FIN) outside a tunnel counts as gone.
public final class ProxyServer: Sendable {
    private let host: String
    private let port: Int
    private let director: any ProxyDirector
    private let group: any EventLoopGroup
    private let limits: ProxyLimits
    private let logger: Logger
    private let requests = RequestsInFlight()
    private let state = Mutex(State())

    private struct State {
        var listener: (any Channel)?
        var clients: [ObjectIdentifier: any Channel] = [:]
        var isDraining = false
    }

    /// - Parameters:
    ///   - host: the address to listen on.
    ///   - port: 0 picks a free one; `boundAddress` tells which.
    public init(
        host: String, port: Int, director: any ProxyDirector,
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        limits: ProxyLimits = ProxyLimits(), logger: Logger = Logger(label: "flock-backup.proxy")
    ) {
        self.host = host
        self.port = port
        self.director = director
        self.group = eventLoopGroup
        self.limits = limits
        self.logger = logger
    }

    /// Where the server listens; nil before `bind()`.
    public var boundAddress: SocketAddress? {
        self.state.withLock { $0.listener?.localAddress }
    }

    /// Requests being held or proxied at this moment, open tunnels included.
    public var inFlight: Int { self.requests.value }

    /// Client connections open at this moment, idle ones included.
    public var connections: Int { self.state.withLock { $0.clients.count } }

    /// Listens, so that connections are accepted from here on. `run()` does this when it was not done; call it once.
    ///
    /// - Throws: `IOError` when the address can't be had.
    @discardableResult
    public func bind() async throws -> SocketAddress {
        let listener = try await ServerBootstrap(group: self.group)
            .serverChannelOption(.backlog, value: 4096)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.configure(channel) }
            }
            .bind(host: self.host, port: self.port)
            .get()
        self.state.withLock { $0.listener = listener }
        guard let address = listener.localAddress else { throw ChannelError.unknownLocalAddress }
        return address
    }

    /// Serves until the task is cancelled. Then accepts nothing new, gives running requests `ProxyLimits.grace`, closes
    /// what is left, and returns.
    ///
    /// - Throws: `IOError` when the address can't be had.
    public func run() async throws {
        if self.state.withLock({ $0.listener == nil }) { try await self.bind() }
        guard let listener = self.state.withLock({ $0.listener }) else { return }
        try await withTaskCancellationHandler {
            try await listener.closeFuture.get()
        } onCancel: {
            listener.close(promise: nil)
        }
        await self.drain()
    }

    private func configure(_ channel: any Channel) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderListSize = self.limits.headers
        limits.maxHeaderFieldSize = self.limits.headers
        let encoder = HTTPResponseEncoder(configuration: .framedByProxy)
        let decoder = ByteToMessageHandler(
            HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits))
        let connection = ProxyConnection(
            eventLoop: channel.eventLoop, director: self.director, limits: self.limits, inFlight: self.requests,
            clientCodec: [decoder, encoder], logger: self.logger)
        try channel.pipeline.syncOperations.addHandlers([
            HalfCloseDelay(), encoder, decoder, ProxyClientHandler(connection: connection),
        ])

        let id = ObjectIdentifier(channel)
        let isLate = self.state.withLock { state in
            state.clients[id] = channel
            return state.isDraining
        }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { _ = $0.clients.removeValue(forKey: id) }
        }
        if isLate { throw ChannelError.ioOnClosedChannel }
    }

    private func drain() async {
        let clients = self.state.withLock { state in
            state.isDraining = true
            return Array(state.clients.values)
        }
        for client in clients { client.pipeline.fireUserInboundEventTriggered(ProxyDrain()) }
        let eventLoop = self.group.next()
        let grace = eventLoop.scheduleTask(in: TimeAmount(self.limits.grace)) {
            for client in clients { client.close(promise: nil) }
        }
        do {
            try await EventLoopFuture.andAllComplete(clients.map(\.closeFuture), on: eventLoop).get()
        } catch {
            self.logger.error("a connection did not close", metadata: ["error": "\(error)"])
        }
        grace.cancel()
    }
}
