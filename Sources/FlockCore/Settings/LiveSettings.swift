import Synchronization

/// The settings in force. Read ``current`` each time they are used: they change when the file does.
public final class LiveSettings: Sendable {
    private let value: Mutex<Settings>

    public init(_ settings: Settings) {
        value = Mutex(settings)
    }

    public var current: Settings { value.withLock(\.self) }

    public func replace(with settings: Settings) {
        value.withLock { $0 = settings }
    }
}
