import FlockCore
import Foundation
import HTTPTypes
public import Hummingbird
import NIOCore

/// The verbs for the scaler: drain an app, or those of its tasks that it names, keep it drained, ask how far it is, let it
/// serve again; each names who asks, since one at a time may drain an app. And for people: which apps nobody is let in to, and why.
public struct RoutingAPI: Sendable {
    private let routing: RoutingService

    public init(routing: RoutingService) {
        self.routing = routing
    }

    public func addRoutes(to router: Router<BasicRequestContext>) {
        router.put("/v1/drain") { request, _ in
            let asked = try Self.asked(request)
            guard try await routing.drain(asked.app, tasks: try Self.tasks(request), asked.lease) else {
                throw HTTPError(.conflict, message: "another drains the app")
            }
            return Response(status: .noContent)
        }
        router.patch("/v1/drain") { request, _ in
            let asked = try Self.asked(request)
            guard await routing.renewDrain(asked.app, asked.lease) else {
                throw HTTPError(.conflict, message: "the lease has ended")
            }
            return Response(status: .noContent)
        }
        router.get("/v1/drain") { request, _ in
            let asked = try Self.asked(request)
            return try Self.json(try await routing.drainReport(asked.app, for: asked.holder))
        }
        router.delete("/v1/drain") { request, _ in
            let asked = try Self.asked(request)
            await routing.release(asked.app, by: asked.holder)
            return Response(status: .noContent)
        }
        router.get("/v1/use") { _, _ in try Self.json(try await routing.usage()) }
        router.get("/v1/closed") { _, _ in try Self.json(await routing.closedApps()) }
    }

    private static func asked(_ request: Request) throws -> LeaseRequest {
        do {
            return try LeaseRequest { request.uri.queryParameters.get($0) }
        } catch {
            throw HTTPError(.badRequest, message: error.message)
        }
    }

    /// - Returns: `nil` where none are named.
    private static func tasks(_ request: Request) throws -> Set<String>? {
        guard let list = request.uri.queryParameters.get("tasks") else { return nil }
        let tasks = list.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard !tasks.contains("") else { throw HTTPError(.badRequest, message: "tasks names one without an id") }
        return Set(tasks)
    }

    private static func json(_ report: some Encodable) throws -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try JSONEncoder().encode(report))))
    }
}
