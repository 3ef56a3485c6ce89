import Foundation

/// Tells when something in Marathon may have changed: at each event, and from time to time without one, since a
/// stream can lose events. It connects again by itself.
public struct ChangeFeed: Sendable {
    public enum Signal: Sendable {
        /// The stream is open, for the first time or again: read everything.
        case connected
        case event(MarathonEvent)
        /// Nothing was heard for a while: read everything, to be sure.
        case poll
        /// Said once for each time that Marathon stops answering.
        case lost(String)
    }

    private let client: MarathonClient
    private let types: [String]
    private let poll: Duration
    private let pause: Duration

    /// - Parameters:
    ///   - types: event types; empty for all.
    ///   - poll: between two signals at most.
    ///   - pause: between two attempts to connect.
    public init(
        _ client: MarathonClient, types: [String] = [], poll: Duration = .seconds(10),
        pause: Duration = .milliseconds(200)
    ) {
        self.client = client
        self.types = types
        self.poll = poll
        self.pause = pause
    }

    /// Ends when the task that reads it is cancelled.
    public func signals() -> AsyncStream<Signal> {
        let (stream, continuation) = AsyncStream.makeStream(of: Signal.self, bufferingPolicy: .bufferingNewest(4096))
        let listener = Task { [client, types, pause] in
            // A restart takes less; nobody has to hear of it.
            let patience = Duration.seconds(1)
            var failingSince: ContinuousClock.Instant?
            var isLost = false
            while !Task.isCancelled {
                do {
                    let events = try await client.events(types: types)
                    (failingSince, isLost) = (nil, false)
                    continuation.yield(.connected)
                    for try await event in events { continuation.yield(.event(event)) }
                } catch {
                    let since = failingSince ?? .now
                    failingSince = since
                    if !isLost && since.duration(to: .now) >= patience {
                        isLost = true
                        continuation.yield(.lost("\(error)"))
                    }
                }
                try? await Task.sleep(for: pause)
            }
        }
        let clock = Task { [poll] in
            while !Task.isCancelled {
                try? await Task.sleep(for: poll)
                continuation.yield(.poll)
            }
        }
        continuation.onTermination = { _ in
            listener.cancel()
            clock.cancel()
        }
        return stream
    }
}
