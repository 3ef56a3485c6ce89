import HTTPTypes
import Hummingbird
import Marathon

struct DeploymentRoutes: Sendable {
    let engine: Engine

    func add(to router: Router<BasicRequestContext>, _ guarded: Guard) {
        router.get("/v2/deployments", use: guarded.reading { _ in await all() })
        router.delete("/v2/deployments/**", use: guarded.changing { try await cancel($0) })
    }

    private func all() async -> Response {
        .json(
            await engine.read { scheduler, _ in
                scheduler.deployments.values.sorted { $0.version < $1.version }.map(scheduler.answer)
            })
    }

    private func cancel(_ request: APIRequest) async throws -> Response {
        guard let id = request.path.first, request.path.count == 1 else { throw EngineError.noSuchURI }
        if request.flag("force") {
            try await engine.perform { scheduler, now in
                guard scheduler.deployments[id] != nil else {
                    throw EngineError(code: .notFound, message: "DeploymentPlan \(id) does not exist")
                }
                scheduler.cancel(id, at: now)
            }
            return Response(status: .accepted)
        }
        return .deployment(try await engine.perform { scheduler, now in try scheduler.revert(id, at: now) })
    }
}
