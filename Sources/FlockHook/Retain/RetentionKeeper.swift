import FlockCore
import Foundation
import Git
import Logging
import Marathon
import NIOPosix

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
                    let apps = try await releases.marathon.apps()
                    try await tidy([slug], apps)
                    try await sweepArtifacts(apps)
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
                let apps = try await releases.marathon.apps()
                try await tidy(try await store.slugs(), apps)
                try await sweepArtifacts(apps)
                try await sweepHistory(apps)
                try await sweepLogs()
                try await sweepStores()
                hasComplained = false
            } catch {
                // Whoever deploys complains of Marathon's absence.
                let isOutage = (error as? MarathonError)?.isOutage == true
                if !hasComplained, !isOutage, !Task.isCancelled {
                    logger.warning("cannot remove old versions: \(error)")
                    hasComplained = true
                }
            }
            try? await Task.sleep(for: settings.current.hook.resync.duration)
        }
    }

    // MARK: Apps

    private func tidy(_ slugs: [Slug], _ apps: [App]) async throws {
        let records = Dictionary(apps.compactMap(ReleaseRecord.init).map { ($0.slug, $0) }) { first, _ in first }
        let versions = Retention.versions(apps)
        let needed = Set(apps.flatMap { $0.definition.dependencies ?? [] })
        for slug in slugs {
            guard let record = records[slug], let own = versions[slug] else { continue }
            let ids = retention.superfluous(own, releases: try await store.releases(of: slug), record: record)
            for id in ids where !needed.contains(id) { try await delete(id, of: slug) }
        }
    }

    /// Looks once more, in the slug's turn: a rollback may have come first, or a visitor.
    private func delete(_ id: String, of slug: Slug) async throws {
        try await releases.turns.one(at: slug.text) {
            guard let record = try await releases.current(slug), !record.serves(id),
                let app = try await releases.marathon.app(id).flatMap(FlockApp.init), app.isAsleep
            else { return }
            do {
                _ = try await releases.marathon.delete(id)
                logger.info("an old version was deleted", metadata: ["app": "\(id)"])
            } catch let error as MarathonError {
                if error.isOutage { throw error }
                logger.warning("an old version cannot be deleted: \(error)", metadata: ["app": "\(id)"])
            }
        }
    }

    // MARK: Files

    /// Deletes the archives that no release that is kept or under way, no preview, no app and no deploy under way needs.
    func sweepArtifacts(_ apps: [App]) async throws {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: state.artifacts)) ?? []).filter(isSettled)
        guard !names.isEmpty else { return }
        var commits = try await unfinishedCommits()
        let addresses = apps.flatMap { ($0.definition.uris ?? []) + ($0.definition.fetch ?? []).map(\.uri) }
        let files = try await store.artifacts(of: try await neededDeploys(apps))
            .union(addresses.compactMap { $0.split(separator: "/").last.map(String.init) })
        // Of before and of now: meanwhile a deploy may have begun, or become a release that was not among those.
        commits += try await unfinishedCommits()
        // What builds keep they limit themselves.
        let superfluous = names.filter { name in
            !files.contains(name) && !BuildCache.isName(name) && !commits.contains(where: name.contains)
        }
        try await NIOThreadPool.singleton.runIfActive { [state] in
            for name in superfluous { try? FileManager.default.removeItem(atPath: "\(state.artifacts)/\(name)") }
        }
    }

    /// Those whose code may still be asked for: of apps that are there, of previews, and of releases
    /// that are under way or that can be rolled back to.
    private func neededDeploys(_ apps: [App]) async throws -> Set<Int64> {
        let current = Dictionary(apps.compactMap(ReleaseRecord.init).map { ($0.slug, $0.number) }) { first, _ in first }
        var deploys = Set(apps.compactMap { $0.labels[Label.deploy].flatMap { Int64($0) } })
        deploys.formUnion(try await store.livePreviews().map(\.id))
        deploys.formUnion(try await store.unfinishedReleases().map(\.deploy))
        for slug in try await store.slugs() {
            deploys.formUnion(retention.kept(try await store.releases(of: slug), current: current[slug]))
        }
        return deploys
    }

    private func unfinishedCommits() async throws -> [String] {
        try await store.unfinished().map(\.commit).filter { !$0.isEmpty }
    }

    /// Whether nobody is writing it: a file has no dot before its name once it is whole. What a crash left goes, too.
    private func isSettled(_ name: String) -> Bool {
        guard name.hasPrefix(".") else { return true }
        let attributes = try? FileManager.default.attributesOfItem(atPath: "\(state.artifacts)/\(name)")
        return (attributes?[.modificationDate] as? Date).map { $0.timeIntervalSinceNow < -3600 } ?? false
    }

    /// Removes what was fetched from repositories that are not in the settings any more, after a time: an entry may only
    /// be out for a moment. Nobody needs it after the fetch; it makes the next one short.
    private func sweepStores() async throws {
        let source = CodeSource(state: state)
        let wanted = Set(
            RepositoryDirectory(settings: settings, state: state).all.compactMap { repository in
                repository.isLocal ? nil : source.store(of: repository.address)
            })
        let folder = "\(state.hook)/repositories"
        let moment = Date(timeIntervalSinceNow: -(Retention.storeGrace / .seconds(1)))
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".git") {
            let path = "\(folder)/\(name)"
            if wanted.contains(path) {
                try await GitRepository.keepStore(at: path)
            } else if try await GitRepository.discardStore(at: path, unwantedSince: moment) {
                logger.info(
                    "what was fetched from a repository that left the settings was removed",
                    metadata: ["store": "\(name)"])
            }
        }
    }

    // MARK: History

    private func sweepHistory(_ apps: [App]) async throws {
        let needed = try await neededDeploys(apps)
        let moment = Date(timeIntervalSinceNow: -(Retention.history / .seconds(1)))
        try await store.forget(before: moment, except: needed, newest: Retention.deploysOfBranch)
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

extension ReleaseRecord {
    /// Whether visitors are sent there.
    fileprivate func serves(_ id: String) -> Bool { id == target || id == canary?.target }
}
