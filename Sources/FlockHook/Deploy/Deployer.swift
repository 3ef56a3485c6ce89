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
    let logger: Logger

    /// - Throws: ``DeployFailure``.
    func deploy(_ deploy: DeployRecord, from repository: KnownRepository) async throws {
        try await store.advance(deploy.id, to: .resolving, "looking up branch \(deploy.branch)")
        let (git, commit) = try await CodeSource(state: state).tip(of: deploy.branch, in: repository)
        let packing = Packing(state: state, git: git, commit: commit)
        if commit.description != deploy.commit {
            try await store.advance(deploy.id, to: .resolving, "the branch has moved on to \(short(commit))")
        }

        try await store.advance(deploy.id, to: .checking, "reading package.json at \(short(commit))")
        let descriptor = try await packing.descriptor()
        let isPreview = deploy.environment == Settings.Repository.Environment.preview.rawValue
        let name =
            isPreview
            ? AppName(slug: descriptor.slug, preview: BranchSlug(branch: deploy.branch), group: descriptor.group)
            : AppName(slug: descriptor.slug, version: descriptor.version, group: descriptor.group)
        let owner = try await store.claim(descriptor.slug, for: repository.key)
        guard owner == repository.key else {
            throw DeployFailure(
                code: "name_taken",
                message: "the name \"\(descriptor.slug)\" belongs to \(owner); choose another \"name\" in package.json")
        }
        let settings = settings.current
        let hosts = name.hosts(domain: settings.domain.text)
        let url = settings.url(host: hosts[0])
        try await store.note(
            deploy.id, commit: commit.description, appID: name.id, slug: descriptor.slug,
            version: descriptor.version.idText, url: url)

        try await store.advance(deploy.id, to: .building, "packing \(descriptor.slug) \(descriptor.version)")
        let file = try await packing.archive(slug: descriptor.slug)

        let env = try descriptor.env.mapValues { value in
            guard case .text(let text) = value else {
                throw DeployFailure(code: "secret_unknown", message: "no secrets are set")
            }
            return text
        }
        let artifact = "http://\(settings.hook.listen.local)/artifacts/\(file)"
        // Nothing else may change what the name serves between the number and its release.
        try await releases.turns.one(at: isPreview ? name.id : descriptor.slug.text) {
            let release =
                isPreview ? nil : try await store.reserveRelease(for: deploy.id, slug: descriptor.slug)
            var blueprint = AppBlueprint(
                descriptor: descriptor, name: AppName(slug: descriptor.slug, version: descriptor.version),
                branch: deploy.branch, version: descriptor.version.idText, commit: commit.description,
                deploy: deploy.id, release: release, env: env, artifact: artifact)
            let production = blueprint.definition(instances: descriptor.instances)
            try await store.keep(.init(artifact: file, definition: production), of: deploy.id)
            blueprint.name = name
            try await start(blueprint, deploy)
            if let release {
                try await store.recordRelease(release, slug: descriptor.slug, appID: name.id, deploy: deploy.id)
                try await releases.publish(release, of: descriptor.slug, as: name.id)
            }
            try await store.finish(
                deploy.id, .live,
                reason: release.map { "release \($0) is live at \(url)" } ?? "live at \(url)")
        }
        logger.info("deployed", metadata: ["deploy": "\(deploy.id)", "app": "\(name.id)"])
    }

    /// Has Marathon start it, and waits until it has answered.
    private func start(_ blueprint: AppBlueprint, _ deploy: DeployRecord) async throws {
        let descriptor = blueprint.descriptor
        let warning = MemoryFloor.warning(command: descriptor.command ?? "", mem: descriptor.mem)
        try await store.advance(
            deploy.id, to: .submitting,
            "starting \(blueprint.name.id)" + (warning.map { "; warning: \($0)" } ?? ""))
        let rollout = Rollout(
            settings: settings, marathon: releases.marathon, persistently: Persistence(logger: logger))
        let submission = try await rollout.submit(blueprint.definition(instances: descriptor.instances)) {
            try await store.keepFormer($0, of: deploy.id)
        }
        try await store.advance(deploy.id, to: .verifying, "waiting for it to answer its check")
        try await rollout.verify(submission)
    }

    private func short(_ commit: ObjectID) -> String { String(commit.description.prefix(7)) }
}
