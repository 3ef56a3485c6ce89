/// A condition that did not come about in time.
public struct NeverHappened: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) {
        self.description = description
    }
}

/// Waits until the condition holds.
/// - Parameters:
///   - what: for the error.
///   - finding: what there is instead, for the error.
public func eventually(
    _ what: String, within limit: Duration = .seconds(60), or finding: @autoclosure () -> String = "",
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while true {
        if try await condition() { return }
        guard ContinuousClock.now < deadline else {
            throw NeverHappened(description: "did not happen within \(limit): \(what) \(finding())")
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}
