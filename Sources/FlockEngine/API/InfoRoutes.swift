import Foundation
import HTTPTypes
import Hummingbird

/// What the engine says of itself.
struct InfoRoutes: Sendable {
    let engine: Engine

    func add(to router: Router<BasicRequestContext>, _ guarded: Guard) {
        // Load balancers ask for it; it tells nothing.
        router.get("/ping") { request, _ in Self.pong(accept: request.headers[.accept]) }
        router.get("/v2/info", use: guarded.reading { _ in .json(EngineInfo(listen: engine.listen)) })
        router.get("/v2/leader", use: guarded.reading { _ in .json(["leader": engine.listen]) })
        // There is nobody else to lead.
        router.delete("/v2/leader", use: guarded.changing { _ in .json(["message": "Leadership abdicated"]) })
    }

    /// Marathon answers in the type that is asked for.
    static func pong(accept: String?) -> Response {
        let types = (accept ?? "*/*").lowercased().split(separator: ",").map { part in
            part.split(separator: ";").first.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
        }
        if types.contains(where: { $0 == "*/*" || $0.hasPrefix("text/") || $0.isEmpty }) { return .text("pong") }
        if types.contains("application/json") || types.contains("application/*") { return .json("pong") }
        return Response(status: .noContent)
    }
}
