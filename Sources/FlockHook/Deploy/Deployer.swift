import AsyncHTTPClient
import FlockCore
import Foundation
import Git
import Logging
import Marathon

/// Takes one deploy from a pushed commit to a release. Every step can be done again, so a deploy that was
/// interrupted starts over.
struct Deployer: Sendable {
    let settings: LiveSettings
    let state: StateFolder
    let store: HookStore
    let releases: Releases
    let http: HTTPClient
    let logger: Logger
    /// Called when Marathon has a deploy's app.
    let submitted: @Sendable () -> Void

    /// - Throws: ``DeployFailure``.
    func deploy(_ deploy: DeployRecord, from repository: KnownRepository) async throws {
        if deploy.state.isSubmitted, try await resume(deploy) { return }
        try await store.begin(deploy.id, "looking up branch \(deploy.branch)")
        let (git, commit) = try await CodeSource(state: state).tip(of: deploy.branch, in: repository)
        CrashPoint.hookResolving.pass()
        guard try await store.resolve(deploy.id, tip: commit.description) else { return }
        let packing = Packing(state: state, git: git, commit: commit, folder: repository.folder)

        if let last = try await store.live(repository.key, deploy.ref),
            try await !packing.hasChanged(since: last.commit, in: repository.watch)
        {
            return try await store.finish(deploy.id, .ignored, .nothingWatched(since: last.id))
        }

        try await store.advance(deploy.id, to: .checking, "reading package.json at \(short(commit))")
        let (descriptor, names) = try await packing.program()
        let isPreview = deploy.environment == Settings.Repository.Environment.preview.rawValue
        let production = AppName(slug: descriptor.slug, version: descriptor.version, group: descriptor.group)
        let name =
            isPreview
            ? AppName(slug: descriptor.slug, preview: BranchSlug(branch: deploy.branch), group: descriptor.group)
            : production
        try await claim(descriptor.slug, for: repository)
        let settings = settings.current
        let hosts = name.hosts(domain: settings.domain.text)
        let url = settings.url(host: hosts[0])
        try await store.note(
            deploy.id, commit: commit.description, appID: name.id, slug: descriptor.slug,
            version: descriptor.version.idText, url: url)

        let env = try await AppEnvironment(settings: settings.hook, http: http).values(of: descriptor)
        let file = try await builder.artifact(
            of: descriptor, names: names, env: env, packing: packing, for: deploy.id,
            lane: isPreview ? deploy.branch : "")
        CrashPoint.hookBuilding.pass()

        let artifact = file.map { "http://\(settings.hook.artifacts.local)/artifacts/\($0)" }
        let dependencies = try await AppDependencies(
            marathon: releases.marathon, persistently: rollout.persistently, limit: settings.hook.healthTimeout
        ).ready(descriptor.dependencies)
        // Nothing else may change what the name serves between the number and its release.
        try await releases.turns.one(at: isPreview ? name.id : descriptor.slug.text) {
            // It may have been released, and pushed by another, before the deploy was known under it.
            try await claim(descriptor.slug, for: repository)
            if isPreview, try await store.isGone(repository.key, deploy.branch) {
                throw DeployFailure(code: ReasonCode.branchGone.rawValue, message: "the branch is gone")
            }
            let release =
                isPreview ? nil : try await store.reserveRelease(for: deploy.id, slug: descriptor.slug)
            var blueprint = AppBlueprint(
                descriptor: descriptor, name: production, branch: deploy.branch, version: descriptor.version.idText,
                commit: commit.description, deploy: deploy.id, release: release, env: env, artifact: artifact,
                dependencies: dependencies, folder: repository.folder)
            let definition = blueprint.definition(instances: descriptor.instances)
            try await store.keep(.init(artifact: file, definition: definition), of: deploy.id)
            blueprint.name = name
            try await start(blueprint, deploy)
            try await publish(
                release, of: descriptor.slug, descriptor.version.idText, as: name.id, url: url, deploy)
        }
    }

    private func claim(_ slug: Slug, for repository: KnownRepository) async throws {
        let owner = try await store.claim(slug, for: repository.key)
        guard owner == repository.key else {
            throw DeployFailure(code: ReasonCode.nameTaken.rawValue, message: Reason.nameTaken(slug, by: owner).words)
        }
    }

    /// Goes on with a deploy that an earlier process gave to Marathon.
    /// - Returns: false when Marathon did not get it, so that it begins again.
    private func resume(_ deploy: DeployRecord) async throws -> Bool {
        guard let id = deploy.appID, let slug = deploy.slug.flatMap(Slug.init) else { return false }
        let isPreview = deploy.environment == Settings.Repository.Environment.preview.rawValue
        return try await releases.turns.one(at: isPreview ? id : slug.text) {
            guard isPreview || deploy.release != nil,
                let app = try await rollout.persistently({ try await releases.marathon.app(id) }),
                app.labels[Label.deploy] == String(deploy.id), app.labels[Label.commit] == deploy.commit
            else { return false }
            if try await !isPublished(deploy, as: id, slug) {
                try await rollout.resume(app, former: try await store.keepFormer(nil, of: deploy.id))
            }
            try await publish(
                isPreview ? nil : deploy.release, of: slug, deploy.version ?? "", as: id, url: deploy.url ?? "", deploy)
            return true
        }
    }

    /// Whether visitors get it already: only the last word about it is missing.
    private func isPublished(_ deploy: DeployRecord, as id: String, _ slug: Slug) async throws -> Bool {
        let record = try await rollout.persistently { try await releases.current(slug) }
        return record?.target == id && record?.number == deploy.release
    }

    /// The app has come up: from now on its name serves it.
    /// - Parameter release: `nil` for a preview.
    private func publish(
        _ release: Int?, of slug: Slug, _ version: String, as id: String, url: String, _ deploy: DeployRecord
    ) async throws {
        CrashPoint.hookVerified.pass()
        if let release {
            // A rollback while flock-hook was away is what somebody wanted since.
            if let now = try await rollout.persistently({ try await releases.current(slug) }), now.number > release {
                return try await store.finish(deploy.id, .superseded, .overtaken(by: now.number))
            }
            try await store.recordRelease(release, slug: slug, appID: id, deploy: deploy.id)
            try await releases.publish(release, of: slug, as: id)
            CrashPoint.hookReleased.pass()
            let catalogue = ConsulCatalogue(settings: settings.current, http: http)
            if let warning = await catalogue.enter(slug, version, release: release) {
                try await store.advance(deploy.id, to: .verifying, warning)
            }
        }
        try await store.finish(
            deploy.id, .live, reason: release.map { "release \($0) is live at \(url)" } ?? "live at \(url)")
        logger.info("deployed", metadata: ["deploy": "\(deploy.id)", "app": "\(id)"])
    }

    private var rollout: Rollout { releases.rollout }

    /// Has Marathon start it, and waits until it has answered.
    private func start(_ blueprint: AppBlueprint, _ deploy: DeployRecord) async throws {
        let descriptor = blueprint.descriptor
        let warning = MemoryFloor.warning(command: descriptor.command ?? "", mem: descriptor.mem)
        try await store.advance(
            deploy.id, to: .submitting,
            "starting \(blueprint.name.id)" + (warning.map { "; warning: \($0)" } ?? ""))
        CrashPoint.hookSubmitting.pass()
        let submission = try await rollout.submit(blueprint.definition(instances: descriptor.instances)) {
            try await store.keepFormer($0, of: deploy.id)
        }
        submitted()
        CrashPoint.hookSubmitted.pass()
        try await store.advance(deploy.id, to: .verifying, "waiting for it to answer its check")
        try await rollout.verify(submission)
    }

    func sweepBuilds() async throws {
        try await builder.sweep()
    }

    private var builder: Builder {
        Builder(
            settings: settings.current, state: state, store: store, marathon: releases.marathon,
            persistently: Persistence(logger: logger))
    }

    private func short(_ commit: ObjectID) -> String { String(commit.description.prefix(7)) }
}
