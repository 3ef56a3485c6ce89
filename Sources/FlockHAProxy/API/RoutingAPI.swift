import Foundation
import HTTPTypes
public import Hummingbird
import NIOCore

/// The verbs of the unix socket: for the scaler, drain an app, ask how far it is, let it serve again; for people, which
/// apps nobody is let in to, and why.
public struct RoutingAPI: Sendable {
    private let routing: RoutingService

    public init(routing: RoutingService) {
        self.routing = routing
    }

    public func addRoutes(to router: Router<BasicRequestContext>) {
        router.put("/v1/drain") { request, _ in
            let seconds = request.uri.queryParameters.get("seconds", as: Int.self) ?? 30
            return try Self.json(
                try await routing.drain(try Self.app(request), for: .seconds(min(max(1, seconds), 600))))
        }
        router.get("/v1/drain") { request, _ in try Self.json(try await routing.drainReport(try Self.app(request))) }
        router.delete("/v1/drain") { request, _ in try Self.json(try await routing.release(try Self.app(request))) }
        router.get("/v1/closed") { _, _ in try Self.json(await routing.closedApps()) }
    }

    private static func app(_ request: Request) throws -> String {
        guard let app = request.uri.queryParameters.get("app"), app.hasPrefix("/") else {
            throw HTTPError(.badRequest, message: "app is missing")
        }
        return app
    }

    private static func json(_ report: some Encodable) throws -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(report))))
    }
}
