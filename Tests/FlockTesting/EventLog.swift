import AsyncHTTPClient
import Foundation
import Marathon
import NIOCore
import Synchronization

/// What an event stream has sent so far. It is read until the server ends it.
public final class EventLog: Sendable {
    public struct Event: Decodable, Sendable, Hashable {
        public var eventType: String
        public var appId: String?
        public var taskId: String?
        public var taskStatus: String?
        /// Of a deployment that has ended.
        public var id: String?
    }

    private let log = Mutex<[Event]>([])

    public var events: [Event] { log.withLock(\.self) }

    init(_ body: HTTPClientResponse.Body) {
        Task {
            var parser = ServerSentEventParser()
            for try await buffer in body {
                for data in parser.push(buffer.readableBytesView) {
                    let event = try JSONDecoder().decode(Event.self, from: Data(data))
                    log.withLock { $0.append(event) }
                }
            }
        }
    }

    /// Waits until there is such an event.
    public func contains(_ what: String, _ accepts: (Event) -> Bool) async throws {
        try await eventually("event: \(what)") { events.contains(where: accepts) }
    }
}
