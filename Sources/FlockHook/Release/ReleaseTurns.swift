import FlockCore

/// One change at a time of what a name serves: a rollback waits for the deploy that is under way, and the other way round.
actor ReleaseTurns {
    private var turns: [String: Turn] = [:]

    private func turn(of name: String) -> Turn {
        let turn = turns[name] ?? Turn()
        turns[name] = turn
        return turn
    }

    /// - Parameter name: a slug, or the id of a preview.
    nonisolated func one<Result: Sendable>(
        at name: String, _ change: () async throws -> Result
    ) async throws -> Result {
        let turn = await turn(of: name)
        await turn.take()
        do {
            try Task.checkCancellation()
            let result = try await change()
            await turn.pass()
            return result
        } catch {
            await turn.pass()
            throw error
        }
    }
}
