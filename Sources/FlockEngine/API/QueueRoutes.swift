import HTTPTypes
import Hummingbird
import Marathon

struct QueueRoutes: Sendable {
    let engine: Engine

    func add(to router: Router<BasicRequestContext>, _ guarded: Guard) {
        router.get("/v2/queue", use: guarded.reading { await all($0) })
        router.delete("/v2/queue/**", use: guarded.changing { try await resetDelay($0) })
    }

    private func all(_ request: APIRequest) async -> Response {
        struct Answer: Encodable { var queue: [QueueItem] }
        let embedsOffers = request.embeds.contains("lastUnusedOffers")
        let items = await engine.read { scheduler, now in
            scheduler.queue.sorted { $0.key < $1.key }.compactMap { id, entry -> QueueItem? in
                guard let app = scheduler.apps[id] else { return nil }
                return QueueItem(
                    entry, app: scheduler.answer(app, embeds: []), delay: scheduler.delay(of: id, at: now),
                    embedsOffers: embedsOffers)
            }
        }
        return .json(Answer(queue: items))
    }

    private func resetDelay(_ request: APIRequest) async throws -> Response {
        guard request.path.last == "delay", request.path.count > 1 else { throw EngineError.noSuchURI }
        let id = "/" + request.path.dropLast().joined(separator: "/")
        try await engine.perform { scheduler, now in try scheduler.resetDelay(of: id, at: now) }
        return Response(status: .noContent)
    }
}
