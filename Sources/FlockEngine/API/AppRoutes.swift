import HTTPTypes
import Hummingbird
import Marathon

/// `/v2/apps` and all below it.
struct AppRoutes: Sendable {
    let engine: Engine

    func add(to router: Router<BasicRequestContext>, _ guarded: Guard) {
        for path: RouterPath in ["/v2/apps", "/v2/apps/**"] {
            router.get(path, use: guarded.reading { try await get($0, AppPath($0.path)) })
            router.post(path, use: guarded.changing { try await post($0, AppPath($0.path)) })
            router.put(path, use: guarded.changing { try await put($0, AppPath($0.path)) })
            router.patch(path, use: guarded.changing { try await put($0, AppPath($0.path), mustExist: true) })
            router.delete(path, use: guarded.changing { try await delete($0, AppPath($0.path)) })
        }
    }

    // MARK: Reading

    private func get(_ request: APIRequest, _ path: AppPath) async throws -> Response {
        switch path {
        case .all: return try await apps(request)
        case .appsBelow(let group): return try await apps(request, below: group)
        case .app(let id):
            struct Answer: Encodable { var app: App }
            let embeds = request.embeds.union(["tasks", "lastTaskFailure"])
            return .json(
                Answer(
                    app: try await engine.read { scheduler, _ in try scheduler.answer(scheduler.app(id), embeds: embeds)
                    }))
        case .tasks(let id):
            struct Answer: Encodable { var tasks: [AppTask] }
            return .json(
                Answer(
                    tasks: try await engine.read { scheduler, _ in
                        _ = try scheduler.app(id)
                        return scheduler.tasks(of: id).map { scheduler.answer($0) }
                    }))
        case .versions(let id):
            struct Answer: Encodable { var versions: [String] }
            _ = try await engine.read { scheduler, _ in try scheduler.app(id) }
            return .json(Answer(versions: try await engine.store.versions(of: id)))
        case .version(let id, let version):
            return .json(App.Former(definition: try await former(id, version), version: version))
        case .task, .restart: throw EngineError.noSuchURI
        }
    }

    private func apps(_ request: APIRequest, below group: String? = nil) async throws -> Response {
        let filter = try AppFilter(
            id: request.value("id"), command: request.value("cmd"), label: request.value("label"), below: group)
        let embeds = request.embeds
        let apps = await engine.read { scheduler, _ in
            scheduler.apps.sorted { $0.key < $1.key }.map(\.value).filter(filter.accepts)
                .map { scheduler.answer($0, embeds: embeds) }
        }
        return .json([group == nil ? "apps" : "*": apps])
    }

    private func former(_ id: String, _ version: String) async throws -> AppDefinition {
        _ = try await engine.read { scheduler, _ in try scheduler.app(id) }
        guard case .app(let definition) = try await engine.store.content(of: id, version: version) else {
            throw EngineError(code: .notFound, message: "App '\(id)' does not exist in version \(version)")
        }
        return definition
    }

    // MARK: Changing

    private func post(_ request: APIRequest, _ path: AppPath) async throws -> Response {
        let force = request.flag("force")
        switch path {
        case .all:
            let definition = try AppChange.creation(try await request.body())
            let id = definition.id ?? DefinitionPath.root
            let (result, app) = try await engine.perform { scheduler, now in
                let result = try scheduler.put(id, isNew: true, force: force, at: now) {
                    try definition.resolved(over: $0, servicePort: $1)
                }
                var app = scheduler.answer(try scheduler.app(id), embeds: [])
                // Also when there was nothing to launch and it is over by now.
                app.deployments = [DeploymentReference(id: result.deploymentId)]
                return (result, app)
            }
            announce(app.definition, request)
            return .json(
                app, status: .created,
                headers: [.location: "/v2/apps\(id)", Response.deploymentID: result.deploymentId])
        case .restart(let id):
            return .deployment(
                try await engine.perform { scheduler, now in try scheduler.restart(id, force: force, at: now) })
        case .app, .appsBelow, .tasks, .task, .versions, .version: throw EngineError.noSuchURI
        }
    }

    /// - Parameter mustExist: as PATCH asks.
    private func put(_ request: APIRequest, _ path: AppPath, mustExist: Bool = false) async throws -> Response {
        let force = request.flag("force")
        let isFull = !request.flag("partialUpdate", default: true)
        switch path {
        case .all:
            var changes: [(id: String, definition: AppDefinition)] = []
            for (id, change) in try AppChange.list(try await request.body(), isFull: isFull) {
                changes.append((id, try await definition(change, of: id)))
            }
            return .deployment(
                try await engine.perform { [changes] scheduler, now in
                    var definitions: [String: AppDefinition] = [:]
                    var ports = scheduler.freeServicePorts
                    for (id, change) in changes {
                        if mustExist { _ = try scheduler.app(id) }
                        let definition = try change.resolved(
                            over: try? scheduler.app(id).definition, isFull: isFull,
                            servicePort: { ports.take(besides: $0) })
                        ports.use(definition.servicePorts)
                        definitions[id] = definition
                    }
                    return try scheduler.put(definitions, force: force, at: now)
                })
        case .app(let id):
            let change = try await definition(AppChange(try await request.body(), of: id, isFull: isFull), of: id)
            let (result, isNew, definition) = try await engine.perform { scheduler, now in
                let isNew = (try? scheduler.app(id)) == nil
                if mustExist { _ = try scheduler.app(id) }
                let result = try scheduler.put(id, force: force, at: now) {
                    try change.resolved(over: $0, isFull: isFull, servicePort: $1)
                }
                return (result, isNew, try scheduler.app(id).definition)
            }
            announce(definition, request)
            return .deployment(result, status: isNew ? .created : .ok)
        case .appsBelow, .tasks, .task, .restart, .versions, .version: throw EngineError.noSuchURI
        }
    }

    /// What the change says; for a rollback, all that the app was.
    private func definition(_ change: AppChange, of id: String) async throws -> AppDefinition {
        switch change {
        case .definition(let definition): definition
        case .rollback(let version): try await former(id, version)
        }
    }

    private func delete(_ request: APIRequest, _ path: AppPath) async throws -> Response {
        switch path {
        case .app(let id):
            // Marathon forces deletions unless told not to.
            let force = request.flag("force", default: true)
            return .deployment(
                try await engine.perform { scheduler, now in try scheduler.delete(id, force: force, at: now) })
        case .tasks(let id):
            let host = request.value("host")
            return try await TaskRoutes(engine: engine).kill(request) { scheduler in
                _ = try scheduler.app(id)
                return scheduler.tasks(of: id).filter { host == nil || $0.host == host }
            }
        case .task(let id, let taskID):
            return try await TaskRoutes(engine: engine).kill(request, one: true) { scheduler in
                _ = try scheduler.app(id)
                guard let task = scheduler.tasks[taskID], task.appID == id else {
                    throw EngineError(code: .notFound, message: "Task '\(taskID)' does not exist")
                }
                return [task]
            }
        case .all, .appsBelow, .restart, .versions, .version: throw EngineError.noSuchURI
        }
    }

    private func announce(_ definition: AppDefinition, _ request: APIRequest) {
        engine.publish { .posted(definition, uri: request.uri, clientIP: request.clientIP, at: $0) }
    }
}
