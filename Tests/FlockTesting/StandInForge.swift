public import NIOHTTP1
import Synchronization

/// Stands in for a forge or a chat: keeps what it is told.
public final class StandInForge: Sendable {
    public struct Told: Sendable {
        public var method: String
        public var path: String
        public var headers: HTTPHeaders
        public var body: String
    }

    private final class Record: Sendable {
        let told = Mutex<[Told]>([])
    }

    private let record: Record
    private let server: TinyServer

    public var told: [Told] { record.told.withLock(\.self) }
    public var address: String { "http://127.0.0.1:\(server.port)" }

    /// - Parameter answer: what is made has the id 42.
    public init(
        _ answer: @escaping @Sendable (Told) -> TinyServer.Answer = { _ in .full(status: 201, body: #"{"id": 42}"#) }
    ) async throws {
        let record = Record()
        self.record = record
        server = try await .reading { head, body in
            let told = Told(method: head.method.rawValue, path: head.uri, headers: head.headers, body: body)
            record.told.withLock { $0.append(told) }
            return answer(told)
        }
    }

    public func stop() async throws { try await server.stop() }
}
