import NIOCore
import NIOHTTP1

/// Decides what happens on one client connection and the at most one app connection behind it.
///
/// ```
///           head              forward           connected            101
///   idle ─────────► waiting ─────────► connecting ────────► proxying ─────► tunnel ──► closed
///    ▲                │  ▲                  │ refused          │
///    │                │  └──────────────────┘                  │
///    └─── answered ───┴──────── response and request ended ────┤
///                                                              └─► finishing ──► closed
/// ```
/// Requests that were read early (pipelined, or body parts behind a head) wait in `inbox`. It can't grow beyond what
/// one read brings, because `readsClient` is false until it is empty.
struct ProxyStateMachine {
    private enum Phase: Equatable {
        case idle
        case waiting
        case connecting(Endpoint)
        case proxying(Endpoint)
        case tunnel(clientEnded: Bool, upstreamEnded: Bool)
        /// The last answer is written. What the client still sends is thrown away, `reads` says whether it is read.
        case finishing(reads: Bool)
        case closed
    }

    private enum Input {
        case part(HTTPServerRequestPart)
        case malformed(HTTPResponseStatus)
    }

    private enum Response {
        case pending
        case informational
        case switching
        case started(ForwardedResponse.Framing)
    }

    private struct Exchange {
        let head: HTTPRequestHead
        var failures = 0
        var requestEnded = false
        var reusesConnection = false
        /// A task died under it before the first byte of an answer.
        var hasOutlivedTask = false
        var response = Response.pending
        /// What the director adds to the app's response.
        var adding: HTTPHeaders = [:]
        var keepsClient: Bool
        var keepsUpstream = false

        init(_ head: HTTPRequestHead) {
            self.head = head
            // After a head that asks for an upgrade the request decoder reads no further request. It goes by the
            // headers alone, whatever the version.
            self.keepsClient = head.isKeepAlive && !head.headers.isUpgrade
        }
    }

    private let redirects: Int
    private var phase = Phase.idle
    private var exchange: Exchange?
    private var inbox = CircularBuffer<Input>(initialCapacity: 4)
    /// Where an idle app connection leads to.
    private var kept: Endpoint?
    private var clientWritable = true
    private var upstreamWritable = true
    private var draining = false

    /// - Parameter redirects: how many addresses may refuse before the client gets 502.
    init(redirects: Int = ProxyLimits().redirects) {
        self.redirects = redirects
    }

    /// Whether a request or a tunnel is being served.
    var isBusy: Bool {
        switch self.phase {
        case .waiting, .connecting, .proxying, .tunnel: true
        case .idle, .finishing, .closed: false
        }
    }

    /// Whether more may be read from the client.
    var readsClient: Bool {
        switch self.phase {
        case .idle: true
        case .waiting, .connecting, .closed: false
        case .proxying: self.exchange?.requestEnded == false && self.inbox.isEmpty && self.upstreamWritable
        case .tunnel(let clientEnded, _): !clientEnded && self.upstreamWritable
        case .finishing(let reads): reads
        }
    }

    /// Whether more may be read from the app. An idle connection is read so that its end is noticed, and so that bytes
    /// nobody asked for can't pass as the next response.
    var readsUpstream: Bool {
        switch self.phase {
        case .idle, .waiting: self.kept != nil
        case .proxying: self.clientWritable
        case .tunnel(_, let upstreamEnded): !upstreamEnded && self.clientWritable
        case .connecting, .finishing, .closed: false
        }
    }

    mutating func handle(_ event: ProxyEvent) -> [ProxyAction] {
        var actions: [ProxyAction] = []
        switch event {
        case .clientSent(let part): self.receive(.part(part), &actions)
        case .clientMalformed(let status): self.receive(.malformed(status), &actions)
        case .clientSentBytes(let bytes):
            if case .tunnel = self.phase { actions.append(.sendBytes(bytes)) }
        case .clientEnded: self.clientEnded(&actions)
        case .clientLost: self.clientGone(&actions)
        case .clientWritable(let writable): self.clientWritable = writable
        case .decided(let decision): self.decided(decision, &actions)
        case .connected: self.connected(&actions)
        case .connectFailed: self.connectFailed(&actions)
        case .upstreamSent(let part): self.upstreamSent(part, &actions)
        case .upstreamSentBytes(let bytes):
            if case .tunnel = self.phase { actions.append(.respondBytes(bytes)) }
        case .upstreamEnded: self.upstreamEnded(&actions)
        case .upstreamLost: self.upstreamLost(&actions)
        case .upstreamWritable(let writable): self.upstreamWritable = writable
        case .drain: self.drain(&actions)
        }
        return actions
    }

    // MARK: The client

    private mutating func receive(_ input: Input, _ actions: inout [ProxyAction]) {
        switch self.phase {
        case .finishing, .closed, .tunnel: return
        case .idle, .waiting, .connecting, .proxying: self.inbox.append(input)
        }
        self.advance(&actions)
    }

    /// Takes from the inbox what may be taken now.
    private mutating func advance(_ actions: inout [ProxyAction]) {
        while !self.inbox.isEmpty {
            switch self.phase {
            case .idle:
                switch self.inbox.removeFirst() {
                case .part(.head(let head)): self.begin(head, &actions)
                case .malformed(let status): self.answer(status, &actions)
                case .part(.body), .part(.end): break
                }
            case .proxying where self.exchange?.requestEnded == false:
                switch self.inbox.removeFirst() {
                case .part(.body(let bytes)): actions.append(.sendBody(bytes))
                case .part(.end(let trailers)):
                    self.exchange?.requestEnded = true
                    actions.append(.sendEnd(trailers?.endToEnd))
                case .malformed(let status):
                    self.exchange?.keepsClient = false
                    self.fail(status, &actions)
                case .part(.head): break
                }
            default: return
            }
        }
    }

    private mutating func begin(_ head: HTTPRequestHead, _ actions: inout [ProxyAction]) {
        self.exchange = Exchange(head)
        if head.method == .CONNECT || head.headers.bodyLength == nil {
            self.exchange?.keepsClient = false
            self.answer(.notImplemented, &actions)
        } else {
            self.phase = .waiting
            actions.append(.ask(head))
        }
    }

    private mutating func clientEnded(_ actions: inout [ProxyAction]) {
        guard case .tunnel(_, let upstreamEnded) = self.phase else { return self.clientGone(&actions) }
        self.phase = upstreamEnded ? .closed : .tunnel(clientEnded: true, upstreamEnded: false)
        actions.append(.endUpstream)
    }

    private mutating func clientGone(_ actions: inout [ProxyAction]) {
        switch self.phase {
        case .closed: return
        case .waiting:
            actions.append(.cancelAsk)
            if self.kept != nil { actions.append(.closeUpstream) }
        case .connecting, .proxying, .tunnel: actions.append(.closeUpstream)
        case .idle, .finishing:
            if self.kept != nil { actions.append(.closeUpstream) }
        }
        self.close(reset: false, &actions)
    }

    // MARK: The decision

    private mutating func decided(_ decision: ProxyDecision, _ actions: inout [ProxyAction]) {
        guard self.phase == .waiting else { return }
        switch decision {
        case .answer(let status, let headers, let body):
            self.answer(status, headers: headers, body: body, &actions)
        case .forward(let endpoint, _, let adding) where self.kept == endpoint:
            self.kept = nil
            self.exchange?.adding = adding
            self.exchange?.reusesConnection = true
            self.send(to: endpoint, &actions)
        case .forward(let endpoint, _, let adding):
            self.exchange?.adding = adding
            if self.kept != nil {
                self.kept = nil
                actions.append(.closeUpstream)
            }
            self.connect(to: endpoint, &actions)
        }
    }

    private mutating func connect(to endpoint: Endpoint, _ actions: inout [ProxyAction]) {
        self.phase = .connecting(endpoint)
        self.upstreamWritable = true
        actions.append(.connect(endpoint))
    }

    private mutating func connected(_ actions: inout [ProxyAction]) {
        guard case .connecting(let endpoint) = self.phase else { return }
        self.exchange?.reusesConnection = false
        self.send(to: endpoint, &actions)
    }

    private mutating func connectFailed(_ actions: inout [ProxyAction]) {
        guard case .connecting(let endpoint) = self.phase else { return }
        self.askAgain(after: endpoint, .refused, &actions)
    }

    private mutating func askAgain(after endpoint: Endpoint, _ loss: ProxyAction.Loss, _ actions: inout [ProxyAction]) {
        guard var exchange = self.exchange else { return }
        exchange.failures += 1
        self.exchange = exchange
        if exchange.failures > self.redirects {
            self.answer(.badGateway, &actions)
        } else {
            self.phase = .waiting
            actions.append(.askAgain(exchange.head, failed: endpoint, loss, attempt: exchange.failures))
        }
    }

    private mutating func send(to endpoint: Endpoint, _ actions: inout [ProxyAction]) {
        guard let exchange = self.exchange else { return }
        self.phase = .proxying(endpoint)
        let keeps = exchange.keepsClient && !self.draining
        actions.append(.sendHead(ForwardedRequest(exchange.head, to: endpoint, keepsUpstream: keeps).head))
        // Only a replayed request has ended already; it has no body.
        if exchange.requestEnded { actions.append(.sendEnd(nil)) }
        self.advance(&actions)
    }

    // MARK: The app

    private mutating func upstreamSent(_ part: HTTPClientResponsePart, _ actions: inout [ProxyAction]) {
        guard case .proxying = self.phase else { return }
        switch part {
        case .head(let head): self.responseBegan(head, &actions)
        case .body(let bytes): actions.append(.respondBody(bytes))
        case .end(let trailers): self.responseEnded(trailers, &actions)
        }
    }

    private mutating func responseBegan(_ received: HTTPResponseHead, _ actions: inout [ProxyAction]) {
        guard var exchange = self.exchange else { return }
        if received.status.code == 101 {
            guard exchange.head.isUpgrade, exchange.requestEnded, received.headers.isUpgrade,
                let response = ForwardedResponse(
                    received, to: exchange.head, keepsClient: true, adding: exchange.adding)
            else { return self.fail(.badGateway, &actions) }
            exchange.response = .switching
            self.exchange = exchange
            return actions.append(.respondHead(response.head))
        }
        if received.status.code < 200 {
            guard exchange.head.version.isAtLeast11,
                let response = ForwardedResponse(received, to: exchange.head, keepsClient: true)
            else { return }
            exchange.response = .informational
            self.exchange = exchange
            return actions.append(.respondHead(response.head))
        }
        // A client that was not told to continue won't send its body, so its connection can't be used again.
        let owesBody: Bool
        if case .pending = exchange.response, !exchange.requestEnded, exchange.head.headers.contains(name: "expect") {
            owesBody = true
        } else {
            owesBody = false
        }
        let keeps = exchange.keepsClient && !self.draining && !owesBody
        guard
            let response = ForwardedResponse(
                received, to: exchange.head, keepsClient: keeps, adding: exchange.adding)
        else { return self.fail(.badGateway, &actions) }
        exchange.response = .started(response.framing)
        exchange.keepsClient = response.keepsClient
        exchange.keepsUpstream = response.keepsUpstream && response.keepsClient
        self.exchange = exchange
        actions.append(.respondHead(response.head))
    }

    private mutating func responseEnded(_ trailers: HTTPHeaders?, _ actions: inout [ProxyAction]) {
        guard case .proxying(let endpoint) = self.phase, let exchange = self.exchange else { return }
        if case .switching = exchange.response {
            self.phase = .tunnel(clientEnded: false, upstreamEnded: false)
            self.exchange = nil
            return actions.append(.openTunnel)
        }
        actions.append(.respondEnd(trailers?.fromApp))
        if exchange.requestEnded && exchange.keepsUpstream && !self.draining {
            self.kept = endpoint
        } else {
            actions.append(.closeUpstream)
        }
        self.finish(keepsClient: exchange.keepsClient && exchange.requestEnded, &actions)
    }

    private mutating func upstreamEnded(_ actions: inout [ProxyAction]) {
        guard case .tunnel(let clientEnded, _) = self.phase else { return self.upstreamLost(&actions) }
        self.phase = clientEnded ? .closed : .tunnel(clientEnded: false, upstreamEnded: true)
        actions.append(.endClient)
    }

    private mutating func upstreamLost(_ actions: inout [ProxyAction]) {
        switch self.phase {
        case .idle, .waiting:
            guard self.kept != nil else { return }
            self.kept = nil
            actions.append(.closeUpstream)
        case .proxying(let endpoint):
            guard let exchange = self.exchange, case .pending = exchange.response, exchange.head.isReplayable,
                exchange.reusesConnection || !exchange.hasOutlivedTask
            else { return self.fail(.badGateway, &actions) }
            actions.append(.closeUpstream)
            if exchange.reusesConnection {
                // The app may close an idle connection at the moment a request is sent on it.
                self.connect(to: endpoint, &actions)
            } else {
                // The task died. Once only: the request may be what kills it.
                self.exchange?.hasOutlivedTask = true
                self.askAgain(after: endpoint, .died, &actions)
            }
        case .tunnel:
            actions.append(.closeUpstream)
            self.close(reset: false, &actions)
        case .connecting, .finishing, .closed: return
        }
    }

    /// One side broke off or makes no sense: an error status while that can still be said, else the client is cut off.
    private mutating func fail(_ status: HTTPResponseStatus, _ actions: inout [ProxyAction]) {
        guard let exchange = self.exchange else { return }
        actions.append(.closeUpstream)
        switch exchange.response {
        // A body that ends with the connection needs a reset, so that the client sees it is not whole.
        case .started(let framing): self.close(reset: framing == .untilClose, &actions)
        case .switching: self.close(reset: false, &actions)
        case .pending, .informational: self.answer(status, &actions)
        }
    }

    // MARK: Endings

    private mutating func answer(_ status: HTTPResponseStatus, _ actions: inout [ProxyAction]) {
        self.answer(
            status, headers: ["Content-Type": "text/plain; charset=utf-8"],
            body: ByteBuffer(string: "\(status.code) \(status.reasonPhrase)\n"), &actions)
    }

    private mutating func answer(
        _ status: HTTPResponseStatus, headers: HTTPHeaders, body: ByteBuffer, _ actions: inout [ProxyAction]
    ) {
        var headers = headers
        headers.remove(name: "transfer-encoding")
        headers.remove(name: "content-length")
        let head = HTTPResponseHead(
            version: .http1_1, status: status, headers: ["Content-Length": String(body.readableBytes)])
        // A client that can't be understood is answered as if it had asked for "/".
        let request = self.exchange?.head ?? HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
        let ended = self.takeRestOfRequest()
        let keeps = (self.exchange?.keepsClient ?? false) && ended && !self.draining
        guard let response = ForwardedResponse(head, to: request, keepsClient: keeps, adding: headers) else { return }
        actions.append(.respondHead(response.head))
        if response.framing != .noBody && body.readableBytes > 0 { actions.append(.respondBody(body)) }
        actions.append(.respondEnd(nil))
        self.finish(keepsClient: response.keepsClient, &actions)
    }

    /// Drops what was read of the request's body. Returns whether that was all of it.
    private mutating func takeRestOfRequest() -> Bool {
        guard let exchange = self.exchange else { return false }
        if exchange.requestEnded { return true }
        while !self.inbox.isEmpty {
            switch self.inbox.removeFirst() {
            case .part(.end): return true
            case .part(.body): continue
            case .part(.head), .malformed: return false
            }
        }
        return false
    }

    private mutating func finish(keepsClient: Bool, _ actions: inout [ProxyAction]) {
        let stuck = self.exchange.map { $0.head.headers.isUpgrade || $0.head.method == .CONNECT } ?? false
        self.exchange = nil
        if keepsClient && !self.draining {
            self.phase = .idle
            self.advance(&actions)
            return
        }
        self.inbox.removeAll()
        if self.kept != nil {
            self.kept = nil
            actions.append(.closeUpstream)
        }
        // The request decoder only stores what follows a request to upgrade or CONNECT, so that is better left unread.
        self.phase = .finishing(reads: !stuck)
        actions.append(.finishClient)
    }

    private mutating func close(reset: Bool, _ actions: inout [ProxyAction]) {
        self.phase = .closed
        self.exchange = nil
        self.kept = nil
        self.inbox.removeAll()
        actions.append(.closeClient(reset: reset))
    }

    private mutating func drain(_ actions: inout [ProxyAction]) {
        self.draining = true
        guard self.phase == .idle else { return }
        if self.kept != nil { actions.append(.closeUpstream) }
        self.close(reset: false, &actions)
    }
}
