import FlockCore
import Marathon

/// The apps that have to be there before another starts.
struct AppDependencies: Sendable {
    let marathon: MarathonClient
    let persistently: Persistence
    /// How long one may take to come up.
    let limit: TimeSpan

    /// Finds what is released under these names, and wakes those that sleep.
    /// - Returns: their ids.
    /// - Throws: ``DeployFailure``.
    func ready(_ slugs: [Slug]) async throws -> [String] {
        var ids: [String] = []
        for slug in slugs {
            let record = try await persistently { try await marathon.app(ReleaseRecord.id(for: slug)) }
            guard let id = record.flatMap(ReleaseRecord.init)?.target else {
                throw DeployFailure(
                    code: "dependency_missing",
                    message: "it depends on \"\(slug)\", of which there is no release; deploy that first")
            }
            try await wake(id, of: slug)
            ids.append(id)
        }
        return ids
    }

    private func wake(_ id: String, of slug: Slug) async throws {
        let deadline = ContinuousClock.now + limit.duration
        while ContinuousClock.now < deadline {
            let app = try await persistently { try await marathon.app(id) }
            guard let app else { break }
            // Again, when it was just being put to sleep.
            if app.instances == 0 {
                let instances = FlockApp(app)?.scale.wake ?? 1
                _ = try await persistently { try await marathon.scale(id, to: instances, force: true) }
            }
            let hasChecks = app.definition.healthChecks?.isEmpty == false
            if (app.tasks ?? []).contains(where: { $0.isRunning && (!hasChecks || $0.isAlive == true) }) { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw DeployFailure(
            code: "dependency_failing", message: "it depends on \"\(slug)\", and \(id) did not come up within \(limit)")
    }
}
