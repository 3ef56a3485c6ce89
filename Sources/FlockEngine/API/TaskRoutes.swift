import HTTPTypes
import Hummingbird
import Marathon

/// Tasks of all apps, and their ends.
struct TaskRoutes: Sendable {
    let engine: Engine

    func add(to router: Router<BasicRequestContext>, _ guarded: Guard) {
        router.get("/v2/tasks", use: guarded.reading { await all($0) })
        router.post("/v2/tasks/delete", use: guarded.changing { try await delete($0) })
    }

    private func all(_ request: APIRequest) async -> Response {
        struct Answer: Encodable { var tasks: [AppTask] }
        let wanted = Set(request.values("status").map { $0.lowercased() })
        let tasks = await engine.read { scheduler, _ in
            scheduler.tasks.values.filter { task in
                switch task.state {
                case .running: wanted.isEmpty || wanted.contains("running")
                case .staging, .starting: wanted.isEmpty || wanted.contains("staging")
                case .killing: wanted.isEmpty
                }
            }
            .sorted { ($0.appID, $0.id) < ($1.appID, $1.id) }
            .map { scheduler.answer($0, embedsServicePorts: true) }
        }
        return .json(Answer(tasks: tasks))
    }

    private func delete(_ request: APIRequest) async throws -> Response {
        struct Body: Decodable { var ids: [String] }
        let shape = Shape.object(["ids": .init(shape: .list(.string(length: 0...1000)), isRequired: true)])
        let body = try shape.decode(Body.self, from: JSONTree(try await request.body()))
        for id in body.ids where !id.contains(".") {
            throw EngineError(code: .malformed, message: "Task id '\(id)' is not valid")
        }
        return try await kill(request) { scheduler in
            // One that is named twice ends once.
            Set(body.ids).sorted().compactMap { scheduler.tasks[$0] }
        }
    }

    /// Ends the tasks as the request's `scale` and `wipe` say.
    /// - Parameter choose: which; what it throws is the answer.
    func kill(
        _ request: APIRequest, one: Bool = false,
        _ choose: @escaping @Sendable (Scheduler) throws -> [TaskRecord]
    ) async throws -> Response {
        struct Tasks: Encodable { var tasks: [AppTask] }
        struct One: Encodable { var task: AppTask }
        let scale = request.flag("scale")
        let force = request.flag("force")
        guard !(scale && request.flag("wipe")) else {
            throw EngineError(code: .malformed, message: "You cannot use scale and wipe at the same time.")
        }
        if scale {
            return .deployment(
                try await engine.perform { scheduler, now in
                    try scheduler.killAndScale(choose(scheduler).map(\.id), force: force, at: now)
                })
        }
        let killed = try await engine.perform { scheduler, now in
            let tasks = try choose(scheduler)
            let answers = tasks.map { scheduler.answer($0) }
            scheduler.kill(tasks.map(\.id), at: now)
            return answers
        }
        if one, let task = killed.first { return .json(One(task: task)) }
        return .json(Tasks(tasks: killed))
    }
}
