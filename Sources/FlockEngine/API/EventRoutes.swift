import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle

struct EventRoutes: Sendable {
    let engine: Engine

    func add(to router: Router<BasicRequestContext>, _ guarded: Guard) {
        router.get("/v2/events", use: guarded.reading { stream($0) })
    }

    private func stream(_ request: APIRequest) -> Response {
        let stream = engine.events.subscribe(types: Set(request.values("event_type")))
        let remote = request.authority ?? "unknown"
        engine.publish { .attached(remote, at: $0) }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
            body: .init { [engine] writer in
                defer { engine.publish { .detached(remote, at: $0) } }
                // Says that the stream is open before anything happens.
                try await writer.write(ByteBuffer(string: "\r\n"))
                for await text in stream.cancelOnGracefulShutdown() { try await writer.write(ByteBuffer(string: text)) }
                try await writer.finish(nil)
            })
    }
}
