import AsyncHTTPClient
public import FlockCore
import Foundation
import Git
public import Logging
import Marathon
public import ServiceLifecycle

/// Takes deliveries, and works off their deploys: one at a time for each branch of each repository.
public actor HookService: Service, Reporting {
    let store: HookStore
    let repositories: RepositoryDirectory
    let state: StateFolder
    let releases: Releases
    private let deployer: Deployer
    private let http: HTTPClient
    private let logger: Logger
    /// Branches with a deploy under way.
    private var busy: Set<String> = []
    private var received = 0
    private var finished: [DeployRecord.State: Int] = [:]
    private var arrivals: AsyncStream<Void>.Continuation?

    /// - Throws: when the store in the state folder cannot be opened.
    public init(settings: LiveSettings, state: StateFolder, logger: Logger) throws {
        self.state = state
        self.logger = logger
        store = try HookStore(folder: state.hook)
        repositories = RepositoryDirectory(settings: settings, state: state)
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        releases = Releases(
            settings: settings, state: state, store: store,
            marathon: MarathonClient(settings: settings.current, state: state, http: http), logger: logger)
        deployer = Deployer(settings: settings, state: state, store: store, releases: releases, logger: logger)
    }

    public func run() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        arrivals = continuation
        await catchUp()
        // What an earlier process left unfinished.
        continuation.yield()
        await withDiscardingTaskGroup { group in
            for await _ in stream.cancelOnGracefulShutdown() {
                for deploy in (try? await store.unfinished()) ?? [] {
                    let branch = "\(deploy.repository) \(deploy.ref)"
                    guard busy.insert(branch).inserted else { continue }
                    group.addTask { await self.work(deploy, branch: branch) }
                }
            }
            // Interrupted deploys start over with the next process.
            group.cancelAll()
        }
        try await http.shutdown()
    }

    /// Stores a verified delivery and starts its deploy.
    func accept(
        delivery: String, push: PushPayload, repository: KnownRepository
    ) async throws -> HookStore.Receipt {
        let receipt = try await store.receive(
            delivery: delivery, repository: repository.key, ref: push.ref, commit: push.after,
            verdict: DeliveryVerdict(push, repository: repository), at: Date())
        received += 1
        arrivals?.yield()
        return receipt
    }

    /// Deploys what was pushed to this machine's repositories while nobody took deliveries.
    private func catchUp() async {
        for repository in repositories.local {
            guard case .local(let path) = repository.source else { continue }
            do {
                for branch in try await GitRepository(bareAt: path).branches() {
                    let commit = branch.target.description
                    let last = try await store.lastCommit(of: repository.key, ref: branch.name)
                    guard last != commit else { continue }
                    let push = PushPayload(ref: branch.name, before: last ?? "", after: commit)
                    guard case .deploy = DeliveryVerdict(push, repository: repository) else { continue }
                    logger.info("pushed while away", metadata: ["repository": "\(path)", "ref": "\(branch.name)"])
                    _ = try await accept(delivery: "catch-up \(UUID().uuidString)", push: push, repository: repository)
                }
            } catch {
                logger.warning("cannot look for pushes that were missed: \(error)", metadata: ["repository": "\(path)"])
            }
        }
    }

    private func work(_ deploy: DeployRecord, branch: String) async {
        do {
            try await attempt(deploy)
        } catch is CancellationError {
            // The process ends; the deploy stays unfinished.
        } catch {
            logger.error("deploy failed: \(error)", metadata: ["deploy": "\(deploy.id)"])
        }
        busy.remove(branch)
        arrivals?.yield()
    }

    private func attempt(_ deploy: DeployRecord) async throws {
        guard deploy.attempts < 5 else {
            return try await fail(
                deploy, DeployFailure(code: "interrupted", message: "interrupted \(deploy.attempts) times"))
        }
        guard let repository = repositories.find(key: deploy.repository) else {
            return try await fail(
                deploy,
                DeployFailure(
                    code: "repository_unknown", message: "\(deploy.repository) is not in the settings any more"))
        }
        try await store.begin(deploy.id)
        do {
            try await deployer.deploy(deploy, from: repository)
            finished[.live, default: 0] += 1
        } catch let failure as DeployFailure {
            try await fail(deploy, failure)
        } catch  where !(error is CancellationError || Task.isCancelled) {
            try await fail(deploy, DeployFailure(code: "internal", message: "\(error)"))
        }
    }

    private func fail(_ deploy: DeployRecord, _ failure: DeployFailure) async throws {
        finished[.failed, default: 0] += 1
        logger.warning(
            "deploy failed: \(failure.message)", metadata: ["deploy": "\(deploy.id)", "code": "\(failure.code)"])
        for line in failure.details { try await store.advance(deploy.id, to: .verifying, line) }
        try await store.finish(deploy.id, .failed, code: failure.code, reason: failure.message)
    }

    // MARK: Reporting

    public func health() async -> Health {
        do {
            _ = try await store.deploys(limit: 1)
            return .healthy
        } catch {
            return .failing("the store does not answer: \(error)")
        }
    }

    public func metrics() -> [Metric] {
        let ends = finished.sorted { $0.key.rawValue < $1.key.rawValue }.map { state, count in
            Metric(
                "flock_hook_deploys_total", .counter, Double(count), labels: ["end": state.rawValue],
                help: "Deploys that came to an end.")
        }
        return [Metric("flock_hook_deliveries_total", .counter, Double(received), help: "Verified deliveries.")] + ends
    }
}
