import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Does what `ProxyStateMachine` decides for one client connection. Lives on the client channel's event loop; the
/// app's channel is opened on the same one, so nothing here is shared between threads.
final class ProxyConnection {
    private var machine: ProxyStateMachine
    private let eventLoop: any EventLoop
    private let director: any ProxyDirector
    private let limits: ProxyLimits
    private let inFlight: RequestsInFlight
    private let logger: Logger

    private var client = Side()
    private var upstream = Side()
    /// What must leave the client's pipeline before bytes can pass.
    private let clientCodec: [any RemovableChannelHandler]

    private var asking: Task<Void, Never>?
    /// Of the request that is being served.
    private var ticket: ForwardTicket?
    /// Numbers the connections to the app, so that one given up while it opened is recognized.
    private var connectNumber = 0
    private var lingering: Scheduled<Void>?

    private var events = CircularBuffer<ProxyEvent>(initialCapacity: 4)
    private var isHandling = false
    private var isCounted = false

    /// One of the two channels as seen from its last handler.
    private struct Side {
        var context: ChannelHandlerContext?
        var needsFlush = false
        var isReading = false
    }

    init(
        eventLoop: any EventLoop, director: any ProxyDirector, limits: ProxyLimits, inFlight: RequestsInFlight,
        clientCodec: [any RemovableChannelHandler], logger: Logger
    ) {
        self.machine = ProxyStateMachine(redirects: limits.redirects)
        self.eventLoop = eventLoop
        self.director = director
        self.limits = limits
        self.inFlight = inFlight
        self.clientCodec = clientCodec
        self.logger = logger
    }

    // MARK: What the handlers tell

    func clientReady(_ context: ChannelHandlerContext) {
        self.client.context = context
    }

    /// - Parameter settles: false inside a read, whose end is told by `clientReadComplete`: one flush then suffices.
    func client(_ event: ProxyEvent, settles: Bool = true) {
        self.handle(event)
        if settles { self.settle() }
    }

    func clientReadComplete() {
        self.client.isReading = false
        self.settle()
    }

    func clientInactive() {
        self.handle(.clientLost)
        self.client.context = nil
        self.lingering?.cancel()
        self.lingering = nil
        self.settle()
    }

    /// - Parameter context: where the event happened. Events of a channel that was given up are ignored.
    func upstream(_ context: ChannelHandlerContext, _ event: ProxyEvent, settles: Bool = true) {
        guard self.upstream.context === context else { return }
        self.handle(event)
        if settles { self.settle() }
    }

    func upstreamReadComplete(_ context: ChannelHandlerContext) {
        guard self.upstream.context === context else { return }
        self.upstream.isReading = false
        self.settle()
    }

    func upstreamInactive(_ context: ChannelHandlerContext) {
        self.upstream(context, .upstreamLost)
        if self.upstream.context === context { self.upstream = Side() }
    }

    func drain() {
        self.handle(.drain)
        self.settle()
    }

    // MARK: Events and actions

    private func handle(_ event: ProxyEvent) {
        self.events.append(event)
        // An action can cause an event at once, a write that fills the buffer for one. It waits for the other actions.
        guard !self.isHandling else { return }
        self.isHandling = true
        while let event = self.events.popFirst() {
            for action in self.machine.handle(event) { self.perform(action) }
        }
        self.isHandling = false
    }

    /// Brings the channels in line with the machine's state: flushed, and reading what it wants read.
    private func settle() {
        guard !self.isHandling else { return }
        if self.machine.isBusy != self.isCounted {
            self.isCounted = self.machine.isBusy
            self.inFlight.add(self.isCounted ? 1 : -1)
        }
        if !self.machine.isBusy { self.ticket = nil }
        if self.client.needsFlush {
            self.client.needsFlush = false
            self.client.context?.flush()
        }
        if self.upstream.needsFlush {
            self.upstream.needsFlush = false
            self.upstream.context?.flush()
        }
        if self.machine.readsClient && !self.client.isReading, let context = self.client.context {
            self.client.isReading = true
            context.read()
        }
        if self.machine.readsUpstream && !self.upstream.isReading, let context = self.upstream.context {
            self.upstream.isReading = true
            context.read()
        }
    }

    private func perform(_ action: ProxyAction) {
        switch action {
        case .ask(let head):
            // A pipelined request must not wait for the place of the one before.
            self.ticket = nil
            self.ask { await $0.direct(head) }
        case .askAgain(let head, let failed, let loss, let attempt):
            self.ticket = nil
            self.logger.info(
                "\(loss.rawValue)",
                metadata: ["task": "\(failed.taskID)", "address": "\(failed)", "attempt": "\(attempt)"])
            self.ask { await $0.redirect(head, after: failed, attempt: attempt) }
        case .cancelAsk:
            self.asking?.cancel()
            self.asking = nil

        case .connect(let endpoint): self.connect(to: endpoint)
        case .closeUpstream: self.closeUpstream()
        case .sendHead(let head): self.send(.head(head))
        case .sendBody(let bytes): self.send(.body(.byteBuffer(bytes)))
        case .sendEnd(let trailers): self.send(.end(trailers))

        case .respondHead(let head):
            if head.status.code >= 200 { self.ticket?.reached(.answered) }
            self.respond(.head(head))
        case .respondBody(let bytes): self.respond(.body(.byteBuffer(bytes)))
        case .respondEnd(let trailers): self.respond(.end(trailers))
        case .finishClient: self.finishClient()
        case .closeClient(let reset): self.closeClient(reset: reset)

        case .openTunnel: self.openTunnel()
        case .sendBytes(let bytes): self.write(NIOAny(bytes), to: \.upstream)
        case .respondBytes(let bytes): self.write(NIOAny(bytes), to: \.client)
        case .endUpstream: self.end(self.upstream.context, empty: NIOAny(ByteBuffer()))
        case .endClient: self.end(self.client.context, empty: NIOAny(ByteBuffer()))
        }
    }

    private func ask(_ question: @escaping @Sendable (any ProxyDirector) async -> ProxyDecision) {
        let connection = NIOLoopBound(self, eventLoop: self.eventLoop)
        let (director, eventLoop) = (self.director, self.eventLoop)
        self.asking = Task {
            let decision = await question(director)
            eventLoop.execute { connection.value.decided(decision) }
        }
    }

    private func decided(_ decision: ProxyDecision) {
        if case .forward(_, let ticket, _) = decision { self.ticket = ticket }
        self.client(.decided(decision))
    }

    private func send(_ part: HTTPClientRequestPart) {
        self.write(NIOAny(part), to: \.upstream)
    }

    private func respond(_ part: HTTPServerResponsePart) {
        self.write(NIOAny(part), to: \.client)
    }

    private func write(_ data: NIOAny, to side: ReferenceWritableKeyPath<ProxyConnection, Side>) {
        self[keyPath: side].needsFlush = true
        self[keyPath: side].context?.write(data, promise: nil)
    }

    // MARK: The app's channel

    private func connect(to endpoint: Endpoint) {
        self.connectNumber += 1
        let number = self.connectNumber
        let connection = NIOLoopBound(self, eventLoop: self.eventLoop)
        let bootstrap = ClientBootstrap(group: self.eventLoop)
            .connectTimeout(TimeAmount(self.limits.connect))
            .channelOption(.autoRead, value: false)
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try connection.value.addUpstreamHandlers(to: channel) }
            }
        let opened: EventLoopFuture<any Channel>
        if let address = try? SocketAddress(ipAddress: endpoint.host, port: endpoint.port) {
            opened = bootstrap.connect(to: address)
        } else {
            // Looks the name up on a thread of its own.
            opened = bootstrap.connect(host: endpoint.host, port: endpoint.port)
        }
        opened.assumeIsolated().whenComplete { self.connectCompleted($0, number: number) }
    }

    private func addUpstreamHandlers(to channel: any Channel) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderListSize = self.limits.headers
        limits.maxHeaderFieldSize = self.limits.headers
        let encoder = HTTPRequestEncoder(configuration: .framedByProxy)
        let decoder = ByteToMessageHandler(
            HTTPResponseDecoder(
                leftOverBytesStrategy: .forwardBytes, informationalResponseStrategy: .forward,
                limitConfiguration: limits))
        try channel.pipeline.syncOperations.addHandlers([
            HalfCloseDelay(), encoder, decoder, ProxyUpstreamHandler(connection: self),
        ])
    }

    private func connectCompleted(_ result: Result<any Channel, any Error>, number: Int) {
        guard number == self.connectNumber else {
            if case .success(let channel) = result { channel.close(promise: nil) }
            return
        }
        switch result {
        case .success(let channel) where channel.isActive:
            let context = try? channel.pipeline.syncOperations.context(handlerType: ProxyUpstreamHandler.self)
            self.upstream = Side(context: context)
            self.handle(context == nil ? .connectFailed : .connected)
        case .success: self.handle(.connectFailed)
        case .failure(let error):
            self.logger.debug("connect failed", metadata: ["error": "\(error)"])
            self.handle(.connectFailed)
        }
        self.settle()
    }

    private func closeUpstream() {
        self.connectNumber += 1
        let context = self.upstream.context
        self.upstream = Side()
        context?.close(promise: nil)
    }

    // MARK: Endings

    private func finishClient() {
        guard let context = self.client.context else { return }
        self.end(context, empty: NIOAny(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer()))))
        self.lingering = self.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(self.limits.linger)) {
            context.close(promise: nil)
        }
    }

    /// Says FIN once everything is written. Waiting for that is ours to do: on a channel whose input is closed already,
    /// closing the output closes all and drops what is not written yet.
    private func end(_ context: ChannelHandlerContext?, empty: NIOAny) {
        guard let context else { return }
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success: context.close(mode: .output, promise: nil)
            case .failure: context.close(promise: nil)
            }
        }
        context.writeAndFlush(empty, promise: written)
    }

    private func closeClient(reset: Bool) {
        guard let context = self.client.context else { return }
        if reset, let options = context.channel as? any SocketOptionProvider {
            _ = options.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        } else if self.client.needsFlush {
            self.client.needsFlush = false
            context.flush()
        }
        context.close(promise: nil)
    }

    // MARK: The tunnel

    private func openTunnel() {
        guard let clientEnd = self.client.context, let upstreamEnd = self.upstream.context else { return }
        do {
            let client = ProxyTunnelHandler(connection: self, side: .client)
            let upstream = ProxyTunnelHandler(connection: self, side: .upstream)
            // The app's first: its decoder also watches what is written, and bytes from the client would be strange to it.
            self.upstream.context = try Self.replace(
                upstreamEnd, by: upstream, removing: try Self.codec(of: upstreamEnd.pipeline.syncOperations))
            self.client.context = try Self.replace(clientEnd, by: client, removing: self.clientCodec)
            self.ticket?.reached(.tunnelled)
        } catch {
            self.logger.error("the pipelines refused the tunnel", metadata: ["error": "\(error)"])
            self.closeUpstream()
            clientEnd.close(promise: nil)
        }
    }

    /// Of the app's channel; one of several, where a name has several addresses that were tried.
    private static func codec(
        of pipeline: ChannelPipeline.SynchronousOperations
    ) throws -> [any RemovableChannelHandler] {
        [
            try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self),
            try pipeline.handler(type: HTTPRequestEncoder.self),
        ]
    }

    /// The decoder leaves one tick later and hands what it had read too far to the new handler.
    private static func replace(
        _ last: ChannelHandlerContext, by handler: ProxyTunnelHandler, removing codec: [any RemovableChannelHandler]
    ) throws -> ChannelHandlerContext {
        let pipeline = last.pipeline.syncOperations
        try pipeline.addHandler(handler, position: .last)
        let context = try pipeline.context(handler: handler)
        pipeline.removeHandler(context: last, promise: nil)
        for part in codec { pipeline.removeHandler(part, promise: nil) }
        return context
    }
}

extension HTTPRequestEncoder.Configuration {
    /// The heads come with the framing they shall have.
    static var framedByProxy: Self {
        var configuration = Self()
        configuration.automaticallySetFramingHeaders = false
        return configuration
    }
}

extension HTTPResponseEncoder.Configuration {
    /// The heads come with the framing they shall have.
    static var framedByProxy: Self {
        var configuration = Self()
        configuration.automaticallySetFramingHeaders = false
        return configuration
    }
}
