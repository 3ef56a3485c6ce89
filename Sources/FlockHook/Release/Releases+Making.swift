import FlockCore
import Foundation
import Logging
import Marathon

/// A release is written down before anything is done about it. Every step can be done again, so one that was
/// interrupted goes on with the next process.
extension Releases {
    /// In the slug's turn.
    /// - Throws: ``ReleaseRefusal`` when it is not made, and all is as it was. After any other error it goes on later.
    func make(_ wanted: Release) async throws -> Release {
        guard let slug = Slug(wanted.slug) else {
            throw ReleaseRefusal(.releaseUnknown, "\"\(wanted.slug)\" is no name of an app")
        }
        // Before it gets a number.
        if try await present(wanted) == nil { _ = try await definition(of: wanted) }
        var release = wanted
        release.number = try await store.beginRelease(wanted, of: slug)
        do {
            try await carryOut(release, of: slug)
        } catch let refusal as ReleaseRefusal {
            throw refusal
        } catch {
            interrupted.continuation.yield(release)
            throw error
        }
        release.standing = .current
        return release
    }

    /// Goes on with releases that an earlier process, or a request that broke off, has left.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await release in interrupted.stream { group.addTask { await finish(release) } }
            group.cancelAll()
        }
    }

    private func finish(_ release: Release) async {
        let metadata: Logger.Metadata = ["app": "\(release.appID)", "release": "\(release.number)"]
        var hasComplained = false
        while !Task.isCancelled {
            do {
                return try await turns.one(at: release.slug) { try await resume(release) }
            } catch let refusal as ReleaseRefusal {
                return logger.warning("not released: \(refusal)", metadata: metadata)
            } catch {
                if !Task.isCancelled, !hasComplained {
                    logger.warning("not released yet, trying again: \(error)", metadata: metadata)
                }
                hasComplained = true
                // Marathon does not answer, or the store takes nothing; neither tells when it does again.
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func resume(_ release: Release) async throws {
        guard let slug = Slug(release.slug),
            // Whoever had the turn before may have finished it.
            try await store.unfinishedReleases().contains(where: { ($0.slug, $0.number) == (slug.text, release.number) }
            )
        else { return }
        let now = try await persistently { try await current(slug) }?.number ?? 0
        if now == release.number {
            try await store.setLive(release.number, of: slug)
            changes.continuation.yield(slug)
        } else if now > release.number {
            try await undo(release, for: now)
        } else {
            try await carryOut(release, of: slug)
        }
    }

    /// Nobody wants it any more, and what it has put was not tried.
    private func undo(_ release: Release, for newer: Int) async throws {
        if let app = try await present(release), isPut(app, by: release) {
            try await rollout.putBack(try await store.keepFormer(nil, of: release), as: app.id)
        }
        let why = "release v\(newer) was made while this one was interrupted"
        try await store.endRelease(release, code: ReleaseRefusal.Code.superseded.rawValue, why)
    }

    private func carryOut(_ release: Release, of slug: Slug) async throws {
        do {
            try await start(release)
        } catch let failure as DeployFailure {
            try await store.endRelease(release, code: failure.code, failure.message)
            throw ReleaseRefusal(
                .notHealthy, ([failure.message] + failure.details).joined(separator: "\n") + "\nnothing was changed")
        } catch let refusal as ReleaseRefusal {
            try await store.endRelease(release, code: refusal.code.rawValue, refusal.message)
            throw refusal
        }
        CrashPoint.hookVerified.pass()
        try await publish(release.number, of: slug, as: release.appID)
        CrashPoint.hookReleased.pass()
        logger.info(
            "released",
            metadata: ["app": "\(release.appID)", "release": "\(release.number)", "why": "\(release.reason)"])
    }

    /// Has its app come up, unless it is there with this code, awake or asleep.
    /// - Throws: ``DeployFailure`` or ``ReleaseRefusal``, when what was there is back.
    private func start(_ release: Release) async throws {
        if let app = try await present(release) {
            guard isPut(app, by: release) else { return }
            return try await rollout.resume(app, former: try await store.keepFormer(nil, of: release))
        }
        var definition = try await definition(of: release)
        definition.labels?[Label.release] = String(release.number)
        CrashPoint.hookSubmitting.pass()
        let submission = try await rollout.submit(definition) { try await store.keepFormer($0, of: release) }
        CrashPoint.hookSubmitted.pass()
        try await rollout.verify(submission)
    }

    /// Its app, where Marathon has it with this code.
    private func present(_ release: Release) async throws -> App? {
        let app = try await persistently { try await marathon.app(release.appID) }
        return app?.labels[Label.deploy] == String(release.deploy) ? app : nil
    }

    /// Whether it was this release that gave the app to Marathon.
    private func isPut(_ app: App, by release: Release) -> Bool {
        app.labels[Label.release] == String(release.number)
    }

    private func definition(of release: Release) async throws -> AppDefinition {
        guard let definition = try await kept(release.deploy) else {
            let what = release.source.map { "\(release.appID) of v\($0)" } ?? release.appID
            throw ReleaseRefusal(
                .codeGone, "\(what) is gone, and its code is not kept; push commit \(release.commit ?? "?") again")
        }
        return definition
    }
}
