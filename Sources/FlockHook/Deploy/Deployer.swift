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
    let marathon: MarathonClient
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
            ? AppName(slug: descriptor.slug, preview: BranchSlug(branch: deploy.branch))
            : AppName(slug: descriptor.slug, version: descriptor.version)
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

        let release = try await store.reserveRelease(for: deploy.id, slug: descriptor.slug)
        let blueprint = AppBlueprint(
            descriptor: descriptor, name: name, branch: deploy.branch, version: descriptor.version.idText,
            commit: commit.description, deploy: deploy.id, release: release,
            artifact: "http://\(settings.hook.listen.local)/artifacts/\(file)")
        let persistently = Persistence(logger: logger)
        let rollout = Rollout(settings: self.settings, store: store, marathon: marathon, persistently: persistently)
        let submission = try await rollout.submit(blueprint, deploy)
        try await rollout.verify(submission, deploy)

        if !isPreview {
            let record = ReleaseRecord(slug: descriptor.slug, number: release, target: name.id)
            _ = try await persistently {
                try await marathon.put(record.definition, to: ReleaseRecord.id(for: record.slug), force: true)
            }
            try await store.recordRelease(release, slug: descriptor.slug, appID: name.id, deploy: deploy.id)
        }
        try await store.finish(
            deploy.id, .live, reason: isPreview ? "live at \(url)" : "release \(release) is live at \(url)")
        logger.info("deployed", metadata: ["deploy": "\(deploy.id)", "app": "\(name.id)", "release": "\(release)"])
    }

    private func short(_ commit: ObjectID) -> String { String(commit.description.prefix(7)) }
}
