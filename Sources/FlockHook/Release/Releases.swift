import FlockCore
import Foundation
import Logging
import Marathon

/// Makes releases: of what was deployed, of what was released before, of previews.
struct Releases: Sendable {
    let settings: LiveSettings
    let state: StateFolder
    let store: HookStore
    let marathon: MarathonClient
    let logger: Logger
    let turns = ReleaseTurns()
    /// Releases that were begun, and that nobody works on.
    let interrupted = AsyncStream.makeStream(of: Release.self)
    /// Slugs that serve something else than before.
    let changes = AsyncStream.makeStream(of: Slug.self, bufferingPolicy: .bufferingNewest(100))

    var persistently: Persistence { Persistence(logger: logger) }
    var rollout: Rollout { Rollout(settings: settings, marathon: marathon, persistently: persistently) }

    // MARK: Telling

    /// Newest first: those that were live, are under way or failed.
    func history(of slug: Slug) async throws -> [Release] {
        let current = try await current(slug)
        // A process that ended between Marathon's answer and its own note of it.
        if let current { try await store.setLive(current.number, of: slug) }
        let apps = try await marathon.appStates()
        let present = Dictionary(apps.map { ($0.id, $0.labels[Label.deploy]) }) { first, _ in first }
        var history = try await store.allReleases(of: slug)
        for index in history.indices where history[index].wasLive {
            let release = history[index]
            if release.number == current?.number {
                history[index].standing = .current
            } else if present[release.appID] == String(release.deploy) {
                history[index].standing = .ready
            } else if try await kept(release.deploy) != nil {
                history[index].standing = .kept
            }
        }
        return history
    }

    /// What visitors of a slug get.
    func current(_ slug: Slug) async throws -> ReleaseRecord? {
        try await marathon.app(ReleaseRecord.id(for: slug)).flatMap(ReleaseRecord.init)
    }

    /// What a deploy gave Marathon, when its code is still there.
    func kept(_ deploy: Int64) async throws -> AppDefinition? {
        guard let build = try await store.build(of: deploy) else { return nil }
        if let artifact = build.artifact, !state.hasArtifact(artifact) { return nil }
        return build.definition
    }

    // MARK: Making

    /// An earlier release's code and configuration, as a new release.
    func rollback(_ slug: Slug, to number: Int?) async throws -> Release {
        try await turns.one(at: slug.text) {
            let choice = try await choice(slug)
            return try await again(try choice.rollback(to: number), cause: .rollback)
        }
    }

    /// The newest release of a version, as a new release.
    func promote(_ slug: Slug, version: AppVersion) async throws -> Release {
        try await turns.one(at: slug.text) {
            let choice = try await choice(slug)
            return try await again(try choice.release(of: version), cause: .promotion)
        }
    }

    /// A preview's code under production's name, as a new release. The preview stays.
    /// - Parameter name: its id, its host name or the first label of that, or its address.
    func promote(preview name: String) async throws -> Release {
        let previews = try await store.livePreviews()
        guard let preview = previews.first(where: { $0.isCalled(name) }), let slug = preview.slug.flatMap(Slug.init)
        else {
            let known = previews.compactMap(\.appID).joined(separator: ", ")
            throw ReleaseRefusal(
                .previewUnknown,
                "there is no preview \(name); \(known.isEmpty ? "none is there" : "there are: \(known)")")
        }
        return try await turns.one(at: slug.text) {
            guard let appID = try await kept(preview.id)?.id else {
                throw ReleaseRefusal(.codeGone, "the code of \(name) is not kept any more; push its branch again")
            }
            let release = Release(
                slug: slug.text, number: 0, appID: appID, deploy: preview.id, version: preview.version,
                commit: preview.commit, branch: preview.branch, cause: .promotion, at: Date())
            return try await make(release)
        }
    }

    /// Another version gets a share of a slug's visitors, until the next release.
    /// - Parameter percent: one of ``ReleaseRecord/Canary/percents``.
    func beginCanary(of slug: Slug, _ version: AppVersion, percent: Int) async throws -> ServedRelease {
        try await changeCanary(of: slug) { record in
            let id = AppName(slug: slug, version: version, group: AppName.group(of: record.target)).id
            guard id != record.target else {
                throw ReleaseRefusal(.versionCurrent, "\(id) is what all visitors get already")
            }
            guard let app = try await marathon.app(id).flatMap(FlockApp.init), app.slug == slug else {
                throw ReleaseRefusal(
                    .versionUnknown, "there is no \(id); \"flock apps\" lists the versions that were deployed")
            }
            return .init(target: id, percent: percent)
        }
    }

    /// All visitors of a slug get its release again.
    func endCanary(of slug: Slug) async throws -> ServedRelease {
        try await changeCanary(of: slug) { _ in nil }
    }

    private func changeCanary(
        of slug: Slug, to canary: (ReleaseRecord) async throws -> ReleaseRecord.Canary?
    ) async throws -> ServedRelease {
        try await turns.one(at: slug.text) {
            guard var record = try await current(slug) else {
                throw ReleaseRefusal(
                    .releaseUnknown, "no release of \"\(slug)\"; \"flock apps\" lists what there is")
            }
            record.canary = try await canary(record)
            _ = try await marathon.put(record.definition, to: ReleaseRecord.id(for: slug), force: true)
            return ServedRelease(record)
        }
    }

    private func choice(_ slug: Slug) async throws -> ReleaseChoice {
        ReleaseChoice(
            slug: slug, history: try await history(of: slug).filter(\.wasLive),
            current: try await current(slug)?.number)
    }

    private func again(_ old: Release, cause: Release.Cause) async throws -> Release {
        var release = old
        (release.cause, release.source) = (cause, old.number)
        return try await make(release)
    }

    /// From now on, the slug serves this app.
    func publish(_ number: Int, of slug: Slug, as appID: String) async throws {
        let record = ReleaseRecord(slug: slug, number: number, target: appID)
        _ = try await persistently {
            try await marathon.put(record.definition, to: ReleaseRecord.id(for: slug), force: true)
        }
        CrashPoint.hookPublished.pass()
        try await store.setLive(number, of: slug)
        changes.continuation.yield(slug)
    }
}

extension StateFolder {
    func hasArtifact(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(artifacts)/\(name)") }
}

extension DeployRecord {
    /// Whether a person may mean this preview: by its id, its host name or the first label of that, or its address.
    fileprivate func isCalled(_ name: String) -> Bool {
        guard let appID, let url else { return false }
        let host = URL(string: url)?.host ?? ""
        return [appID, url, host, String(host.prefix { $0 != "." })].contains(name)
            || !host.isEmpty && URL(string: name)?.host == host
    }
}
