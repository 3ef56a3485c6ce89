import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Stands in for Consul: its key-value store and its catalogue, as its HTTP API documents them, with a token.
public final class ConsulServer: Sendable {
    public let port: Int
    private let channel: any Channel
    private let state: State

    public init(keys: [String: String], token: String) async throws {
        let state = State(keys: keys, token: token)
        self.state = state
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(state))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    public func stop() async throws { try await channel.close() }

    /// The bodies that were registered.
    public var registered: [String] { state.registered.withLock { $0 } }
    /// Methods and addresses that were asked.
    public var asked: [String] { state.asked.withLock { $0 } }

    private final class State: Sendable {
        let keys: [String: String]
        let token: String
        let registered = Mutex<[String]>([])
        let asked = Mutex<[String]>([])

        init(keys: [String: String], token: String) {
            self.keys = keys
            self.token = token
        }

        func answer(_ head: HTTPRequestHead, _ body: String) -> (HTTPResponseStatus, String) {
            asked.withLock { $0.append("\(head.method.rawValue) \(head.uri)") }
            guard head.headers.first(name: "X-Consul-Token") == token else { return (.forbidden, "Permission denied") }
            if head.method == .PUT, head.uri == "/v1/catalog/register" {
                registered.withLock { $0.append(body) }
                return (.ok, "true")
            }
            let path = head.uri.split(separator: "?").first.flatMap { String($0).removingPercentEncoding } ?? ""
            guard head.method == .GET, path.hasPrefix("/v1/kv/"), head.uri.contains("?recurse") else {
                return (.notFound, "")
            }
            let found = keys.filter { $0.key.hasPrefix(path.dropFirst(7)) }.sorted { $0.key < $1.key }
            let entries: [[String: Any]] = found.map { key, value in
                [
                    "LockIndex": 0, "Key": key, "Flags": 0, "CreateIndex": 10, "ModifyIndex": 10,
                    "Value": value.isEmpty ? NSNull() as Any : Data(value.utf8).base64EncodedString(),
                ]
            }
            // As Consul does, an empty 404 where nothing is below the prefix.
            guard !entries.isEmpty, let data = try? JSONSerialization.data(withJSONObject: entries) else {
                return (.notFound, "")
            }
            return (.ok, String(decoding: data, as: UTF8.self))
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let state: State
        private var head: HTTPRequestHead?
        private var body = ""

        init(_ state: State) { self.state = state }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, "")
            case .body(let buffer): body += String(buffer: buffer)
            case .end:
                guard let head else { return }
                let (status, text) = state.answer(head, body)
                let headers = HTTPHeaders([("Content-Length", "\(text.utf8.count)"), ("X-Consul-Index", "10")])
                context.write(
                    wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
