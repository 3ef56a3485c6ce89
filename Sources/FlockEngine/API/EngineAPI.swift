import FlockCore
import Foundation
import HTTPTypes
public import Hummingbird
import Marathon
import NIOCore
import ServiceLifecycle

/// Marathon's REST API over an ``Engine``.
public struct EngineAPI: Sendable {
    private let engine: Engine
    /// A definition is a page of text; a group of thousands stays below.
    private static let bodyLimit = 8 << 20

    public init(engine: Engine) {
        self.engine = engine
    }

    public func addRoutes(to router: Router<BasicRequestContext>) {
        router.get("/ping") { _, _ in Response.text("pong") }
        router.get("/v2/info") { _, _ in Response.json(Info()) }
        router.get("/v2/apps") { request, _ in await apps(request) }
        router.post("/v2/apps") { request, _ in await answering { try await create(request) } }
        router.get("/v2/apps/**") { request, context in await answering { try await app(request, path(context)) } }
        router.put("/v2/apps/**") { request, context in await answering { try await put(request, path(context)) } }
        router.delete("/v2/apps/**") { request, context in await answering { try await delete(request, path(context)) }
        }
        router.get("/v2/tasks") { _, _ in await tasks() }
        router.get("/v2/deployments") { _, _ in await deployments() }
        router.get("/v2/queue") { _, _ in await queue() }
        router.delete("/v2/queue/**") { _, context in await answering { try await resetDelay(path(context)) } }
        router.get("/v2/events") { request, _ in events(request) }
        router.get("/files/read") { request, _ in await answering { try readFile(request) } }
    }

    // MARK: Apps

    private func apps(_ request: Request) async -> Response {
        struct Answer: Encodable { var apps: [App] }
        let query = request.uri.queryParameters
        let embeds = query.getAll("embed").map { $0.split(separator: ".").last.map(String.init) ?? "" }
        let id = query.get("id")?.lowercased()
        let command = query.get("cmd")?.lowercased()
        let apps = await engine.read { scheduler, _ in
            scheduler.apps.values.filter { app in
                !app.isStopping && (id.map { app.id.contains($0) } ?? true)
                    && (command.map { (app.definition.cmd ?? "").lowercased().contains($0) } ?? true)
            }
            .sorted { $0.id < $1.id }
            .map { scheduler.answer($0, tasks: embeds.contains("tasks"), failure: embeds.contains("lastTaskFailure")) }
        }
        return .json(Answer(apps: apps))
    }

    private func app(_ request: Request, _ path: [String]) async throws -> Response {
        if path.count > 1, path.last == "tasks" {
            struct Answer: Encodable { var tasks: [AppTask] }
            let id = "/" + path.dropLast().joined(separator: "/")
            return .json(
                Answer(
                    tasks: try await engine.read { scheduler, _ in
                        _ = try Self.find(id, in: scheduler)
                        return scheduler.tasks(of: id).map(scheduler.answer)
                    }))
        }
        struct Answer: Encodable { var app: App }
        let id = "/" + path.joined(separator: "/")
        return .json(
            Answer(
                app: try await engine.read { scheduler, _ in
                    scheduler.answer(try Self.find(id, in: scheduler), tasks: true, failure: true)
                }))
    }

    private func create(_ request: Request) async throws -> Response {
        let definition = try await body(of: request)
        guard let name = definition.id, !name.isEmpty else {
            throw EngineError(
                code: .invalid, message: "Object is not valid", details: [.init(path: "/id", errors: ["is missing"])])
        }
        let id = name.hasPrefix("/") ? name : "/" + name
        let force = flag("force", request)
        let (result, app) = try await engine.perform { scheduler, now in
            let result = try scheduler.put(definition, to: id, force: force, isNew: true, at: now)
            return (result, scheduler.answer(try Self.find(id, in: scheduler), tasks: false, failure: false))
        }
        announce(definition, request)
        return .json(
            app, status: .created, headers: [.location: "/v2/apps\(id)", Self.deploymentID: result.deploymentId])
    }

    private func put(_ request: Request, _ path: [String]) async throws -> Response {
        let definition = try await body(of: request)
        let id = "/" + path.joined(separator: "/")
        let force = flag("force", request)
        let (result, isNew) = try await engine.perform { scheduler, now in
            let isNew = scheduler.apps[id].map(\.isStopping) ?? true
            return (try scheduler.put(definition, to: id, force: force, at: now), isNew)
        }
        announce(definition, request)
        return .json(result, status: isNew ? .created : .ok, headers: [Self.deploymentID: result.deploymentId])
    }

    private func delete(_ request: Request, _ path: [String]) async throws -> Response {
        let id = "/" + path.joined(separator: "/")
        // Marathon forces deletions unless told not to.
        let force = request.uri.queryParameters.get("force").map { $0.lowercased() == "true" } ?? true
        return .json(try await engine.perform { scheduler, now in try scheduler.delete(id, force: force, at: now) })
    }

    // MARK: Tasks, deployments, queue

    private func tasks() async -> Response {
        struct Answer: Encodable { var tasks: [AppTask] }
        return .json(
            Answer(
                tasks: await engine.read { scheduler, _ in
                    scheduler.tasks.values.sorted { $0.id < $1.id }.map(scheduler.answer)
                }))
    }

    private func deployments() async -> Response {
        .json(
            await engine.read { scheduler, _ in
                scheduler.deployments.values.map(\.deployment).sorted { $0.version < $1.version }
            })
    }

    private func queue() async -> Response {
        struct Delay: Encodable {
            var timeLeftSeconds: Int
            var overdue: Bool
        }
        struct Item: Encodable {
            var app: App
            var count: Int
            var delay: Delay
        }
        struct Answer: Encodable { var queue: [Item] }
        let items = await engine.read { scheduler, now in
            scheduler.apps.values.sorted { $0.id < $1.id }.compactMap { app -> Item? in
                let missing = app.instances - scheduler.tasks(of: app.id).count
                guard missing > 0 else { return nil }
                let left = Int((scheduler.delay(of: app.id, at: now) ?? .zero).components.seconds)
                return Item(
                    app: scheduler.answer(app, tasks: false, failure: false), count: missing,
                    delay: Delay(timeLeftSeconds: left, overdue: left == 0))
            }
        }
        return .json(Answer(queue: items))
    }

    private func resetDelay(_ path: [String]) async throws -> Response {
        guard path.last == "delay" else { throw EngineError(code: .notFound, message: "URI not found") }
        let id = "/" + path.dropLast().joined(separator: "/")
        try await engine.perform { scheduler, now in try scheduler.resetDelay(of: id, at: now) }
        return Response(status: .noContent)
    }

    // MARK: Events and files

    private func events(_ request: Request) -> Response {
        let types = Set(request.uri.queryParameters.getAll("event_type"))
        let stream = engine.events.subscribe(types: types)
        let remote = request.head.authority ?? "unknown"
        engine.publish { .attached(remote, at: $0) }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
            body: .init { writer in
                // Says that the stream is open before anything happens.
                try await writer.write(ByteBuffer(string: "\r\n"))
                for await text in stream.cancelOnGracefulShutdown() { try await writer.write(ByteBuffer(string: text)) }
                try await writer.finish(nil)
            })
    }

    private func readFile(_ request: Request) throws -> Response {
        let query = request.uri.queryParameters
        guard let path = query.get("path").flatMap(engine.sandboxFile), let handle = FileHandle(forReadingAtPath: path)
        else {
            throw EngineError(
                code: .notFound, message: "no such file; the path is <task id>/stdout or <task id>/stderr")
        }
        defer { try? handle.close() }
        let size = Int((try? handle.seekToEnd()) ?? 0)
        let asked = query.get("offset", as: Int.self) ?? 0
        let offset = min(size, max(0, asked < 0 ? size + asked : asked))
        let length = min(max(0, query.get("length", as: Int.self) ?? 65536), 1 << 20)
        try handle.seek(toOffset: UInt64(offset))
        let data = try handle.read(upToCount: length) ?? Data()
        return .json(FileChunk(data: String(decoding: data, as: UTF8.self), offset: offset))
    }

    // MARK: Details

    private static let deploymentID = HTTPField.Name("Marathon-Deployment-Id") ?? .eTag

    private static func find(_ id: String, in scheduler: Scheduler) throws -> AppRecord {
        guard let app = scheduler.apps[id], !app.isStopping else {
            throw EngineError(code: .notFound, message: "App '\(id)' does not exist")
        }
        return app
    }

    /// The segments behind the route; empty ones are dropped, as clients send `/v2/apps//id`.
    private func path(_ context: BasicRequestContext) -> [String] {
        context.parameters.getCatchAll().filter { !$0.isEmpty }.map { $0.removingPercentEncoding ?? String($0) }
    }

    private func flag(_ name: String, _ request: Request) -> Bool {
        request.uri.queryParameters.get(name)?.lowercased() == "true"
    }

    private func answering(_ body: () async throws -> Response) async -> Response {
        do {
            return try await body()
        } catch {
            return .failure(error)
        }
    }

    private func announce(_ definition: AppDefinition, _ request: Request) {
        let uri = request.uri.path
        engine.publish { .posted(definition, uri: uri, clientIP: "127.0.0.1", at: $0) }
    }

    private func body(of request: Request) async throws -> AppDefinition {
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: Self.bodyLimit)
        } catch {
            throw EngineError(code: .syntax, message: "the body is larger than \(Self.bodyLimit) bytes")
        }
        guard buffer.readableBytes > 0 else {
            throw EngineError(code: .syntax, message: "Please specify data in JSON format")
        }
        let data = Data(buffer.readableBytesView)
        do {
            return try JSONDecoder().decode(AppDefinition.self, from: data)
        } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
            throw EngineError(
                code: .syntax, message: context.underlyingError.map { "\($0)" } ?? context.debugDescription)
        } catch let error as DecodingError {
            throw EngineError(code: .invalid, message: "Invalid JSON", details: [Self.detail(error)])
        }
    }

    private static func detail(_ error: DecodingError) -> EngineError.Detail {
        let (keys, type): ([any CodingKey], String) =
            switch error {
            case .typeMismatch(let type, let context): (context.codingPath, "error.expected.\(type)".lowercased())
            case .valueNotFound(_, let context), .dataCorrupted(let context):
                (context.codingPath, context.debugDescription)
            case .keyNotFound(let key, let context): (context.codingPath + [key], "error.path.missing")
            @unknown default: ([], "\(error)")
            }
        let path = keys.reduce("") { path, key in key.intValue.map { "\(path)(\($0))" } ?? "\(path)/\(key.stringValue)"
        }
        return .init(path: path.isEmpty ? "/" : path, errors: [type])
    }

    /// What Marathon's `/v2/info` tells, as far as it makes sense here.
    private struct Info: Encodable {
        var name = "marathon"
        /// The version of Marathon whose API this is.
        var version = "1.8.222"
        var buildref = "flock-engine"
        var elected = true
        var leader = "127.0.0.1:8080"
        var frameworkId = "flock"
        var marathonConfig: [String: String] = [:]
        var zookeeperConfig: [String: String] = [:]
        var httpConfig: [String: String] = [:]

        enum CodingKeys: String, CodingKey {
            case name, version, buildref, elected, leader, frameworkId
            case marathonConfig = "marathon_config"
            case zookeeperConfig = "zookeeper_config"
            case httpConfig = "http_config"
        }
    }
}
