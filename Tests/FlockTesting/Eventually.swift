/// A condition that did not come about in time.
public struct NeverHappened: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) {
        self.description = description
    }
}

/// Waits until the condition holds.
/// - Parameter what: for the error.
public func eventually(
    _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while true {
        if try await condition() { return }
        guard ContinuousClock.now < deadline else {
            throw NeverHappened(description: "did not happen within \(limit): \(what)")
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}
