import Foundation
import HTTPTypes
public import Hummingbird
import NIOCore

/// The verbs of the unix socket, for the scaler: hold an app's requests, see whether any came, let them go.
public struct HoldAPI: Sendable {
    private let waker: Waker

    public init(waker: Waker) {
        self.waker = waker
    }

    public func addRoutes(to router: Router<BasicRequestContext>) {
        router.put("/v1/hold") { request, _ in
            let seconds = request.uri.queryParameters.get("seconds", as: Int.self) ?? 30
            return try Self.json(await waker.hold(try Self.app(request), for: .seconds(min(max(1, seconds), 600))))
        }
        router.get("/v1/hold") { request, _ in try Self.json(await waker.holdReport(try Self.app(request))) }
        router.delete("/v1/hold") { request, _ in try Self.json(await waker.release(try Self.app(request))) }
    }

    private static func app(_ request: Request) throws -> String {
        guard let app = request.uri.queryParameters.get("app"), app.hasPrefix("/") else {
            throw HTTPError(.badRequest, message: "app is missing")
        }
        return app
    }

    private static func json(_ report: Waker.HoldReport) throws -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(report))))
    }
}
