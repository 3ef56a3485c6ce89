import FlockCore
import Foundation
import HTTPTypes
public import Hummingbird
import NIOCore

/// The verbs for the scaler: hold an app's requests, keep holding them, see whether any came, let them go. Each names
/// who asks, since one at a time may hold an app.
public struct HoldAPI: Sendable {
    private let waker: Waker
    private let turn = TurnAPI()

    public init(waker: Waker) {
        self.waker = waker
    }

    public func addRoutes(to router: Router<BasicRequestContext>) {
        turn.addRoutes(to: router)
        router.put("/v1/hold") { request, _ in
            let asked = try Self.asked(request)
            guard await waker.hold(asked.app, asked.lease) else {
                throw HTTPError(.conflict, message: "another holds the app")
            }
            return Response(status: .noContent)
        }
        router.patch("/v1/hold") { request, _ in
            let asked = try Self.asked(request)
            guard await waker.renewHold(asked.app, asked.lease) else {
                throw HTTPError(.conflict, message: "the lease has ended")
            }
            return Response(status: .noContent)
        }
        router.get("/v1/hold") { request, _ in
            let asked = try Self.asked(request)
            return try Self.json(await waker.holdReport(asked.app, for: asked.holder))
        }
        router.delete("/v1/hold") { request, _ in
            let asked = try Self.asked(request)
            await waker.release(asked.app, by: asked.holder)
            return Response(status: .noContent)
        }
    }

    private static func asked(_ request: Request) throws -> LeaseRequest {
        do {
            return try LeaseRequest { request.uri.queryParameters.get($0) }
        } catch {
            throw HTTPError(.badRequest, message: error.message)
        }
    }

    private static func json(_ report: Waker.HoldReport) throws -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(report))))
    }
}
