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
        let (git, commit) = try await resolve(deploy, repository)
        if commit.description != deploy.commit {
            try await store.advance(deploy.id, to: .resolving, "the branch has moved on to \(short(commit))")
        }

        try await store.advance(deploy.id, to: .checking, "reading package.json at \(short(commit))")
        let descriptor = try await descriptor(git, commit)
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

        try await store.advance(deploy.id, to: .exporting, "packing \(descriptor.slug) \(descriptor.version)")
        let file = try await export(git, commit, slug: descriptor.slug)

        let release = try await store.reserveRelease(for: deploy.id, slug: descriptor.slug)
        let blueprint = AppBlueprint(
            descriptor: descriptor, name: name, branch: deploy.branch, version: descriptor.version.idText,
            commit: commit.description, deploy: deploy.id, release: release,
            artifact: "http://\(settings.hook.listen.local)/artifacts/\(file)")
        let rollout = try await submit(blueprint, deploy)
        try await verify(rollout, deploy)

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

    // MARK: Code

    private func resolve(_ deploy: DeployRecord, _ repository: KnownRepository) async throws -> (
        GitRepository, ObjectID
    ) {
        do {
            switch repository.source {
            case .local(let path):
                let git = try GitRepository(bareAt: path)
                guard let tip = try await git.tip(of: deploy.branch) else {
                    throw DeployFailure(code: "branch_gone", message: "branch \(deploy.branch) is not there any more")
                }
                return (git, tip)
            case .https(let url):
                let name = WebhookSignature.sign(Array(url.utf8), secret: Array("folder".utf8)).dropFirst(7).prefix(16)
                let folder = "\(state.hook)/repositories/\(name).git"
                let tip = try await GitRepository.fetch(
                    url: url, branch: deploy.branch, into: folder, deadline: .seconds(120), byteLimit: 200 << 20)
                return (try GitRepository(bareAt: folder), tip)
            }
        } catch let error as GitError {
            throw DeployFailure(code: error.code.rawValue, message: error.description)
        }
    }

    private func descriptor(_ git: GitRepository, _ commit: ObjectID) async throws -> Descriptor {
        do {
            guard let bytes = try await git.file("package.json", at: commit) else {
                throw DescriptorError(
                    .fileMissing, message: "is missing at the top of the repository; \"npm init\" writes one")
            }
            return try Descriptor(packageJSON: bytes)
        } catch let error as DescriptorError {
            throw DeployFailure(code: error.code.rawValue, message: error.description)
        } catch let error as NameError {
            throw DeployFailure(code: error.code.rawValue, message: error.description)
        } catch let error as GitError {
            throw DeployFailure(code: error.code.rawValue, message: error.description)
        }
    }

    /// - Returns: the file's name in the artifacts folder.
    private func export(_ git: GitRepository, _ commit: ObjectID, slug: Slug) async throws -> String {
        let file = "\(slug)-\(commit).tar"
        do {
            try FileManager.default.createDirectory(
                atPath: state.artifacts, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            // The name says the content: what is there is right.
            if !FileManager.default.fileExists(atPath: "\(state.artifacts)/\(file)") {
                _ = try await git.export(commit, to: "\(state.artifacts)/\(file)")
            }
        } catch let error as GitError {
            throw DeployFailure(code: error.code.rawValue, message: error.description)
        }
        return file
    }

    // MARK: App

    private struct Rollout {
        var id: String
        var version: String
        /// The app before, when it was there.
        var previous: App?
    }

    private func submit(_ blueprint: AppBlueprint, _ deploy: DeployRecord) async throws -> Rollout {
        let id = blueprint.name.id
        let descriptor = blueprint.descriptor
        let warning = MemoryFloor.warning(command: descriptor.command, mem: descriptor.mem)
        try await store.advance(
            deploy.id, to: .submitting, "starting \(id)" + (warning.map { "; warning: \($0)" } ?? ""))
        let previous = try await persistently { try await marathon.app(id) }
        // A redeploy keeps the number the scaler chose, but a sleeping app, or one that is just being put to sleep,
        // has to run to be checked.
        let instances = max(1, previous?.instances ?? blueprint.descriptor.instances)
        let definition = blueprint.definition(instances: instances)
        do {
            let result = try await persistently { try await marathon.put(definition, to: id, force: true) }
            return Rollout(id: id, version: result.version, previous: previous)
        } catch let error as MarathonError {
            throw DeployFailure(code: error.code.rawValue, message: "Marathon refused the app: \(error.message)")
        }
    }

    private func verify(_ rollout: Rollout, _ deploy: DeployRecord) async throws {
        try await store.advance(deploy.id, to: .verifying, "waiting for it to answer its check")
        let limit = settings.current.hook.healthTimeout
        let deadline = ContinuousClock.now + limit.duration
        var failedTasks: [String: String] = [:]
        var last: App?
        while ContinuousClock.now < deadline {
            if let app = try await persistently({ try await marathon.app(rollout.id) }) {
                last = app
                switch VerifyVerdict(app, version: rollout.version, failedTasks: &failedTasks) {
                case .healthy: return
                case .failing(let why):
                    try await giveUp(
                        rollout, app, failedTasks, code: "app_failing", "the program ends again and again (\(why))")
                case .waiting: break
                }
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        let cause = last?.tasks?.compactMap { $0.healthCheckResults?.compactMap(\.lastFailureCause).last }.last
        try await giveUp(
            rollout, last, failedTasks, code: "app_unhealthy",
            "it did not answer its check within \(limit)\(cause.map { " (\($0))" } ?? "")")
    }

    /// Puts back what was there, and tells the pusher why.
    private func giveUp(
        _ rollout: Rollout, _ app: App?, _ failedTasks: [String: String], code: String, _ message: String
    ) async throws -> Never {
        let taskID = app?.lastTaskFailure?.taskId ?? app?.tasks?.last?.id
        var details: [String] = []
        if let taskID, let errors = try? await marathon.readFile("\(taskID)/stderr", offset: -4096) {
            let lines = errors.data.split(separator: "\n").suffix(20)
            if !lines.isEmpty { details = ["the last lines of its errors:"] + lines.map { "  \($0)" } }
        }
        // An app that fails must not be started again and again.
        if var back = rollout.previous?.definition {
            back.id = nil
            _ = try? await persistently { [back] in try await marathon.put(back, to: rollout.id, force: true) }
        } else {
            _ = try? await persistently { try await marathon.delete(rollout.id) }
        }
        throw DeployFailure(code: code, message: message, details: details)
    }

    /// Tries again while Marathon does not answer: a push is not lost because the engine restarts.
    private func persistently<Result: Sendable>(_ request: () async throws -> Result) async throws -> Result {
        var hasComplained = false
        while true {
            do {
                return try await request()
            } catch let error as MarathonError where error.code == .unreachable {
                if !hasComplained { logger.warning("Marathon does not answer, trying again: \(error)") }
                hasComplained = true
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    private func short(_ commit: ObjectID) -> String { String(commit.description.prefix(7)) }
}
