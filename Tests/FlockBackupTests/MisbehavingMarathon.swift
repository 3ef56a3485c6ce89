import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Stands in for Marathon where it has to do what a real one rarely does: be slow, silent or gone, refuse, let a task
/// fail at a chosen moment. It has the few routes that flock-backup asks.
final class MisbehavingMarathon: Sendable {
    struct Call: Sendable, Hashable {
        var method: String
        var path: String
    }

    struct App: Sendable {
        var instances = 0
        /// Host ports of its running tasks, by id.
        var tasks: [String: Int] = [:]
        /// Whether what is said of it makes no sense.
        var isOdd = false
        /// Where its tasks are.
        var host = "127.0.0.1"
        /// Ids of tasks that were launched and do not run yet.
        var staged: [String] = []
        /// How its newest failed task ended.
        var failure: (task: String, message: String)?
        var version = "2026-01-01T00:00:00.000Z"
        /// As the label `FLOCK_SCALE` has it.
        var concurrency = 10
        /// Of the task, asked by GET; `nil` for an app that is only connected to.
        var checkPath: String?
    }

    enum Behaviour: Sendable { case answers, isSilent, hangsUp, fails }

    private struct State {
        var apps: [String: App] = [:]
        var behaviour = Behaviour.answers
        var calls: [Call] = []
        var queue = #"{"queue": []}"#
        var streams: [ObjectIdentifier: any Channel] = [:]
        var onStart: @Sendable (String, MisbehavingMarathon) -> Void = { _, _ in }
    }

    private let state = Mutex(State())
    private let listener: any Channel
    let port: Int

    private init(listener: any Channel, port: Int) {
        self.listener = listener
        self.port = port
    }

    /// Runs it for as long as the body runs.
    static func with(_ body: (MisbehavingMarathon) async throws -> Void) async throws {
        let cell = Mutex<MisbehavingMarathon?>(nil)
        let box = Box(cell: cell)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.pipeline.configureHTTPServerPipeline().flatMapThrowing {
                    try channel.pipeline.syncOperations.addHandler(Handler(box: box))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let marathon = MisbehavingMarathon(listener: listener, port: listener.localAddress?.port ?? 0)
        box.cell.withLock { $0 = marathon }
        do { try await body(marathon) } catch {
            try await listener.close()
            throw error
        }
        try await listener.close()
    }

    private final class Box: Sendable {
        let cell: Mutex<MisbehavingMarathon?>
        init(cell: consuming Mutex<MisbehavingMarathon?>) { self.cell = cell }
    }

    // MARK: What tests say and see

    func set(_ id: String, _ change: (inout App) -> Void) {
        state.withLock { change(&$0.apps[id, default: App()]) }
    }

    func behave(_ behaviour: Behaviour) {
        let streams = state.withLock { state in
            state.behaviour = behaviour
            return behaviour == .answers ? [] : Array(state.streams.values)
        }
        for stream in streams { stream.close(promise: nil) }
    }

    func set(queue: String) { state.withLock { $0.queue = queue } }

    /// What happens when an app is scaled from zero, once it was answered.
    func onStart(_ action: @escaping @Sendable (String, MisbehavingMarathon) -> Void) {
        state.withLock { $0.onStart = action }
    }

    func run(_ id: String, task: String, port: Int) {
        set(id) { $0.tasks[task] = port }
        send(
            #"{"eventType": "status_update_event", "appId": "\#(id)", "taskId": "\#(task)", "taskStatus": "TASK_RUNNING"}"#
        )
    }

    func fail(_ id: String, task: String, _ message: String) {
        set(id) {
            $0.tasks[task] = nil
            $0.failure = (task, message)
        }
        send(
            #"{"eventType": "status_update_event", "appId": "\#(id)", "taskId": "\#(task)", "taskStatus": "TASK_FAILED"}"#
        )
    }

    func send(_ event: String) {
        for stream in state.withLock({ Array($0.streams.values) }) {
            let bytes = ByteBuffer(string: "data: \(event)\r\n\r\n")
            stream.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(bytes)), promise: nil)
        }
    }

    var calls: [Call] { state.withLock { $0.calls } }
    var isListenedTo: Bool { state.withLock { !$0.streams.isEmpty } }

    func count(_ method: String, _ path: String) -> Int {
        calls.count { $0 == Call(method: method, path: path) }
    }

    // MARK: What flock-backup asks

    private enum Reply {
        case json(HTTPResponseStatus, String, isStartOf: String? = nil)
        case events, silence, end
    }

    private func reply(_ method: HTTPMethod, _ uri: String, _ body: ByteBuffer) -> Reply {
        let path = String(uri.prefix { $0 != "?" })
        return state.withLock { state in
            state.calls.append(Call(method: method.rawValue, path: path))
            switch state.behaviour {
            case .isSilent: return .silence
            case .hangsUp: return .end
            case .fails: return .json(.internalServerError, #"{"message": "no leader"}"#)
            case .answers: return Self.reply(method, path, body, &state)
            }
        }
    }

    private static func reply(_ method: HTTPMethod, _ path: String, _ body: ByteBuffer, _ state: inout State) -> Reply {
        if path == "/v2/events" { return .events }
        if path == "/v2/queue" { return .json(.ok, state.queue) }
        if path.hasPrefix("/v2/queue/") { return .json(.noContent, "") }
        let id = String(path.dropFirst("/v2/apps".count))
        guard var app = state.apps[id] else { return .json(.notFound, #"{"message": "no such app"}"#) }
        if app.isOdd { return .json(.ok, "{}") }
        guard method == .PUT else { return .json(.ok, json(id, app)) }
        let change = try? JSONSerialization.jsonObject(with: Data(body.readableBytesView)) as? [String: Any]
        let wasAtZero = app.instances == 0
        app.instances = change?["instances"] as? Int ?? app.instances
        state.apps[id] = app
        return .json(.ok, #"{"version": "1", "deploymentId": "d"}"#, isStartOf: wasAtZero ? id : nil)
    }

    private static func json(_ id: String, _ app: App) -> String {
        let tasks =
            app.tasks.sorted { $0.key < $1.key }.map { task, port in
                #"{"id": "\#(task)", "appId": "\#(id)", "host": "\#(app.host)", "ports": [\#(port)], "state": "TASK_RUNNING"}"#
            }
            + app.staged.map {
                #"{"id": "\#($0)", "appId": "\#(id)", "host": "127.0.0.1", "ports": [1], "state": "TASK_STAGING"}"#
            }
        let failure =
            app.failure.map {
                #"""
                , "lastTaskFailure": {"appId": "\#(id)", "taskId": "\#($0.task)", "state": "TASK_FAILED",
                 "message": "\#($0.message)", "host": "h", "timestamp": "t", "version": "v"}
                """#
            } ?? ""
        let check =
            app.checkPath.map { #", "healthChecks": [{"protocol": "HTTP", "path": "\#($0)", "portIndex": 0}]"# } ?? ""
        return #"""
            {"app": {"id": "\#(id)", "instances": \#(app.instances), "version": "\#(app.version)", "deployments": [],
             "versionInfo": {"lastScalingAt": "x", "lastConfigChangeAt": "\#(app.version)"},
             "labels": {"FLOCK_APP": "app", "FLOCK_VERSION": "1.0.0",
                        "FLOCK_SCALE": "{\"concurrency\":\#(app.concurrency)}"},
             "tasks": [\#(tasks.joined(separator: ", "))]\#(failure)\#(check)}}
            """#
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private let box: Box
        private var head: HTTPRequestHead?
        private var body = ByteBuffer()

        init(box: Box) { self.box = box }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch Self.unwrapInboundIn(data) {
            case .head(let head): (self.head, body) = (head, ByteBuffer())
            case .body(var bytes): body.writeBuffer(&bytes)
            case .end: answer(context)
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            guard let head, let marathon = box.cell.withLock({ $0 }) else { return context.close(promise: nil) }
            switch marathon.reply(head.method, head.uri, body) {
            case .silence: break
            case .end: context.close(promise: nil)
            case .json(let status, let text, let started):
                let headers: HTTPHeaders = ["Content-Length": "\(text.utf8.count)", "Content-Type": "application/json"]
                context.write(
                    Self.wrapOutboundOut(.head(.init(version: .http1_1, status: status, headers: headers))),
                    promise: nil)
                context.write(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
                context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
                if let started { marathon.state.withLock { $0.onStart }(started, marathon) }
            case .events:
                let headers: HTTPHeaders = ["Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"]
                context.writeAndFlush(
                    Self.wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: headers))), promise: nil)
                let channel = context.channel
                marathon.state.withLock { $0.streams[ObjectIdentifier(channel)] = channel }
                channel.closeFuture.whenComplete { _ in
                    marathon.state.withLock { _ = $0.streams.removeValue(forKey: ObjectIdentifier(channel)) }
                }
            }
        }
    }
}
