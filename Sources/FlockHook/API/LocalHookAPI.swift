import FlockCore
import Foundation
import HTTPTypes
public import Hummingbird
import NIOCore

/// What people's commands and post-receive hooks ask over the unix socket: deploys and their stories, and
/// deliveries, so that a push needs to know the state folder only.
public struct LocalHookAPI: Sendable {
    private let hook: HookService

    public init(hook: HookService) {
        self.hook = hook
    }

    public func addRoutes(to router: Router<BasicRequestContext>) {
        DeliveryAPI(hook: hook).addRoutes(to: router)
        ReleaseAPI(releases: hook.releases).addRoutes(to: router)
        BuildLogAPI(hook: hook).addRoutes(to: router)
        router.get("/v1/deploys") { request, _ in
            let query = request.uri.queryParameters
            let state = query.get("state").map { DeployRecord.State(rawValue: $0) }
            if state == .some(nil) { throw HTTPError(.badRequest, message: "there is no such state") }
            let limit = query.get("limit", as: Int.self) ?? 20
            return try Self.json(
                try await hook.store.deploys(
                    limit: min(max(1, limit), 10_000), slug: query.get("app"), state: state ?? nil))
        }
        router.post("/v1/deploys/:id/cancel") { _, context in
            try await cancel(try context.parameters.require("id", as: Int64.self))
        }
        router.get("/v1/deploys/:id") { _, context in
            let id = try context.parameters.require("id", as: Int64.self)
            guard let deploy = try await hook.store.deploy(id) else { return try await unknown(id) }
            return try Self.json(deploy)
        }
        router.get("/v1/deploys/:id/events") { _, context in
            let id = try context.parameters.require("id", as: Int64.self)
            guard try await hook.store.deploy(id) != nil else { return try await unknown(id) }
            return Response(
                status: .ok, headers: [.contentType: "application/x-ndjson"],
                body: .init { writer in
                    try await follow(id) { try await writer.write(ByteBuffer(bytes: $0)) }
                    try await writer.finish(nil)
                })
        }
    }

    /// Ends a deploy that Marathon does not have yet; else says why not, with a code of its own.
    private func cancel(_ id: Int64) async throws -> Response {
        guard let deploy = try await hook.cancel(id) else { return try await unknown(id) }
        if deploy.state.isFinal {
            return try Self.json(
                DeliveryAnswer(code: .alreadyEnded, "deploy \(id) has ended: \(deploy.summary)"), .conflict)
        }
        guard deploy.state.isCancellable else {
            let advice = "push a mend, or roll back"
            return try Self.json(
                DeliveryAnswer(code: .alreadySubmitted, "Marathon has deploy \(id) already; \(advice)"), .conflict)
        }
        return try Self.json(try await hook.store.deploy(id))
    }

    private func unknown(_ id: Int64) async throws -> Response {
        let message =
            try await hook.store.hasBeen(id)
            ? "deploy \(id) ended long ago and is not kept any more" : "there is no deploy \(id)"
        return try Self.json(DeliveryAnswer(code: .deployUnknown, message), .notFound)
    }

    /// Gives every event, as one line of JSON, until the deploy has ended.
    private func follow(_ id: Int64, _ write: (Data) async throws -> Void) async throws {
        var sequence = 0
        while true {
            // Asked first: what is written before the end is then surely among the events.
            let isFinal = try await hook.store.deploy(id)?.state.isFinal ?? true
            for event in try await hook.store.events(of: id, after: sequence) {
                try await write(try PartJSON.encoder.encode(event) + Data("\n".utf8))
                sequence = event.sequence
            }
            if isFinal { return }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func json(_ value: some Encodable, _ status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: try PartJSON.encoder.encode(value))))
    }
}
