import FlockCore
import Foundation
import HTTPTypes
public import Hummingbird
import NIOCore

/// What people's commands ask over the unix socket: when each app was last used, and what was decided about one.
public struct ScalerAPI: Sendable {
    private let scaler: ScalerService

    public init(scaler: ScalerService) {
        self.scaler = scaler
    }

    public func addRoutes(to router: Router<BasicRequestContext>) {
        router.get("/v1/apps") { _, _ in try Self.json(await scaler.activities()) }
        router.get("/v1/decisions") { request, _ in
            guard let name = request.uri.queryParameters.get("app") else {
                throw HTTPError(.badRequest, message: "app is missing")
            }
            guard let explanation = await scaler.explain(name) else {
                throw HTTPError(.notFound, message: "there is no app \"\(name)\"")
            }
            return try Self.json(explanation)
        }
    }

    private static func json(_ value: some Encodable) throws -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try PartJSON.encoder.encode(value))))
    }
}
