import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// What builds have printed.
struct BuildLogAPI: Sendable {
    let hook: HookService

    func addRoutes(to router: Router<BasicRequestContext>) {
        router.get("/v1/deploys/:id/log") { request, context in
            let id = try context.parameters.require("id", as: Int64.self)
            guard try await hook.store.deploy(id) != nil else { throw HTTPError(.notFound) }
            let follows = request.uri.queryParameters["follow"] == "true"
            let path = BuildLog.path(of: id, in: hook.state)
            guard follows || FileManager.default.fileExists(atPath: path) else { throw HTTPError(.notFound) }
            return Response(
                status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
                body: .init { writer in
                    try await send(path, of: id, following: follows) { try await writer.write(ByteBuffer(bytes: $0)) }
                    try await writer.finish(nil)
                })
        }
    }

    /// - Parameter follows: goes on until the deploy is not being built any more.
    private func send(
        _ path: String, of id: Int64, following follows: Bool, _ write: (Data) async throws -> Void
    ) async throws {
        var file = FileHandle(forReadingAtPath: path)
        defer { try? file?.close() }
        while true {
            // Asked first: what is written before the end is then surely in the file.
            let state = try await hook.store.deploy(id)?.state
            let isOver = !follows || ![.queued, .resolving, .fetching, .checking, .building].contains(state)
            file = file ?? FileHandle(forReadingAtPath: path)
            while let data = try file?.read(upToCount: 256 << 10), !data.isEmpty { try await write(data) }
            if isOver { return }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
