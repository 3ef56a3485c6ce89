import Logging
import Synchronization

/// What was logged, at any level.
final class LogText: Sendable {
    private let lines = Mutex("")

    var text: String { lines.withLock(\.self) }
    var handler: any LogHandler { Handler(log: self) }

    private struct Handler: LogHandler {
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        let log: LogText

        init(log: LogText) { self.log = log }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            log.lines.withLock { $0 += "\(event.level) \(event.message) \(event.metadata ?? [:])\n" }
        }
    }
}
