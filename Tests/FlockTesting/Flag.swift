import Synchronization

/// Ends a visitor between two requests, where a cancelled task would end it within one.
public final class Flag: Sendable {
    private let raised = Atomic(false)

    public init() {}

    public var isRaised: Bool { raised.load(ordering: .relaxed) }

    public func raise() { raised.store(true, ordering: .relaxed) }
}
