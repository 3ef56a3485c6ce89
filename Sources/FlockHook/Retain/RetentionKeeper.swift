import FlockCore
import Foundation
import Logging
import Marathon

/// Deletes old versions, and files that nothing needs any more.
struct RetentionKeeper: Sendable {
    let settings: LiveSettings
    let state: StateFolder
    let store: HookStore
    let releases: Releases
    let logger: Logger

    private var retention: Retention { Retention(keep: settings.current.hook.keep) }

    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await tidyAgainAndAgain() }
            for await slug in releases.changes.stream {
                do {
                    try await tidy(slug)
                    try await sweepArtifacts()
                } catch {
                    logger.debug("old versions are removed later: \(error)", metadata: ["app": "\(slug)"])
                }
            }
        }
    }

    /// A version that is too old has to fall asleep before it goes.
    private func tidyAgainAndAgain() async {
        var hasComplained = false
        while !Task.isCancelled {
            do {
                for slug in try await store.slugs() { try await tidy(slug) }
                try await sweepArtifacts()
                try await sweepLogs()
                hasComplained = false
            } catch {
                if !hasComplained, !Task.isCancelled { logger.warning("cannot remove old versions: \(error)") }
                hasComplained = true
            }
            try? await Task.sleep(for: settings.current.hook.resync.duration)
        }
    }

    /// Deletes the old versions of one app that are too many.
    func tidy(_ slug: Slug) async throws {
        try await releases.turns.one(at: slug.text) {
            let marathon = releases.marathon
            guard let record = try await marathon.app(ReleaseRecord.id(for: slug)).flatMap(ReleaseRecord.init) else {
                return
            }
            let ids = retention.superfluous(
                try await marathon.appStates(), of: slug, releases: try await store.releases(of: slug), record: record)
            for id in ids {
                _ = try await marathon.delete(id)
                logger.info("an old version was deleted", metadata: ["app": "\(id)"])
            }
        }
    }

    /// Deletes the archives that no release that is kept, no preview, no app and no deploy under way needs.
    func sweepArtifacts() async throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: state.artifacts)) ?? []
        guard !names.isEmpty else { return }
        let apps = try await releases.marathon.apps()
        let fetched = apps.flatMap { ($0.definition.uris ?? []) + ($0.definition.fetch ?? []).map(\.uri) }
        var needed = Set(try await store.livePreviews().map(\.id))
        let current = Dictionary(apps.compactMap(ReleaseRecord.init).map { ($0.slug, $0.number) }) { first, _ in first }
        for slug in try await store.slugs() {
            needed.formUnion(retention.kept(try await store.releases(of: slug), current: current[slug]))
        }
        let files = try await store.artifacts(of: needed).union(
            fetched.map { String($0.split(separator: "/").last ?? "") })
        // Read last: a deploy under way may want a file that nothing else does.
        let commits = try await store.unfinished().map(\.commit)
        for name in names where !files.contains(name) && !Self.isOfBuilds(name) {
            guard !commits.contains(where: { !$0.isEmpty && name.contains($0) }) else { continue }
            try? FileManager.default.removeItem(atPath: "\(state.artifacts)/\(name)")
        }
    }

    /// Dependencies that builds keep, and limit themselves.
    private static func isOfBuilds(_ name: String) -> Bool {
        name.hasPrefix("cache-") && name.utf8.count == "cache-".utf8.count + 64 + ".tar".utf8.count
    }

    /// Deletes the logs of builds but for the newest thousand deploys.
    private func sweepLogs() async throws {
        let folder = "\(state.hook)/builds"
        guard let newest = try await store.deploys(limit: 1).first?.id else { return }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            guard let deploy = Int64(name.prefix { $0 != "." }), deploy <= newest - 1000 else { continue }
            try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
    }
}
