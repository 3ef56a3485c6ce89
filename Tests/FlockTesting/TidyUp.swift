/// Takes all steps, whichever of them fails, in a task of its own: the test's may have been cancelled at its time limit.
/// - Parameter failure: the test's own.
/// - Throws: the first error, the test's own before all.
func tidyUp(after failure: (any Error)?, _ steps: (@Sendable () async throws -> Void)...) async throws {
    let first = await Task {
        var first = failure
        for step in steps {
            do {
                try await step()
            } catch {
                first = first ?? error
            }
        }
        return first
    }.value
    if let first { throw first }
}
