import Foundation
import Synchronization

/// Gives every event to every open stream. A stream that does not keep up is ended rather than let grow.
final class EventHub: Sendable {
    /// Events that one stream may be behind, as in Marathon 1.8.
    private static let backlog = 1024

    private struct Subscriber {
        var types: Set<String>
        var continuation: AsyncStream<String>.Continuation
    }

    private let subscribers = Mutex<[UUID: Subscriber]>([:])

    var count: Int { subscribers.withLock(\.count) }

    /// - Parameter types: only these; empty for all.
    func subscribe(types: Set<String>) -> AsyncStream<String> {
        let id = UUID()
        let (stream, continuation) = AsyncStream.makeStream(
            of: String.self, bufferingPolicy: .bufferingOldest(Self.backlog))
        continuation.onTermination = { [weak self] _ in self?.subscribers.withLock { $0[id] = nil } }
        subscribers.withLock { $0[id] = Subscriber(types: types, continuation: continuation) }
        return stream
    }

    func publish(_ event: EngineEvent) {
        let interested = subscribers.withLock {
            $0.values.filter { $0.types.isEmpty || $0.types.contains(event.eventType) }
        }
        guard !interested.isEmpty else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        guard let data = try? encoder.encode(event) else { return }
        let text = "event: \(event.eventType)\r\ndata: \(String(decoding: data, as: UTF8.self))\r\n\r\n"
        send(text, to: interested)
    }

    /// A line that says that the stream is alive.
    func beat() {
        send("\r\n", to: Array(subscribers.withLock(\.values)))
    }

    func closeAll() {
        for subscriber in subscribers.withLock({ Array($0.values) }) { subscriber.continuation.finish() }
    }

    private func send(_ text: String, to subscribers: [Subscriber]) {
        for subscriber in subscribers {
            if case .dropped = subscriber.continuation.yield(text) { subscriber.continuation.finish() }
        }
    }
}
