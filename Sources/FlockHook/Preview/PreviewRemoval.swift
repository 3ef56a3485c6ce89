import FlockCore
import Logging
import Marathon

/// Removes the previews of branches that are gone.
struct PreviewRemoval: TargetObserver {
    let store: HookStore
    let releases: Releases
    let retention: RetentionKeeper
    let logger: Logger

    func changed(_ change: TargetChange) async throws {
        switch change {
        case .deleted(let repository, let branch): try await remove(repository, branch)
        }
    }

    /// Can be done again: what is gone stays gone.
    func remove(_ repository: String, _ branch: String) async throws {
        for preview in try await store.previews(of: repository, branch) {
            try await releases.turns.one(at: preview) {
                // Pushed again meanwhile: its deploy had the turn before, or comes after.
                guard try await store.isGone(repository, branch) else { return }
                // Only what is this branch's own: names that are alike do not share an app, and one that was released
                // may be another repository's now.
                if let app = try await releases.marathon.app(preview), app.labels[Label.preview] == branch,
                    let deploy = app.labels[Label.deploy].flatMap({ Int64($0) }),
                    try await store.deploy(deploy)?.repository == repository
                {
                    _ = try await releases.marathon.delete(preview)
                    logger.info("the preview's branch is gone, and so is it", metadata: ["app": "\(preview)"])
                }
                try await store.forgetPreview(preview, of: repository)
            }
        }
        try await retention.sweepArtifacts(try await releases.marathon.apps())
    }
}
