import AsyncHTTPClient
public import FlockCore
import Foundation
public import Logging
import Marathon
public import ServiceLifecycle

/// Takes deliveries, works off their deploys, and looks for pushes that nobody told of.
public actor HookService: Service, Reporting {
    let store: HookStore
    let repositories: RepositoryDirectory
    let state: StateFolder
    let releases: Releases
    private let settings: LiveSettings
    private let deployer: Deployer
    private let inbox: DeliveryInbox
    private let watch: BranchWatch
    private let reporter: Reporter
    private let retention: RetentionKeeper
    private let http: HTTPClient
    private let logger: Logger
    /// Deploys that are worked on, with their lanes.
    private var running: [Int64: String] = [:]
    private var work: [Int64: Task<Void, Never>] = [:]
    private var isDraining = false
    private var looks = LookSchedule()
    /// Repositories that did not answer, so that it is said once.
    private var complained: Set<String> = []
    private var received = 0
    private var looked = 0
    private var finished: [DeployRecord.State: Int] = [:]
    private let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    /// - Throws: when the store in the state folder cannot be opened.
    public init(settings: LiveSettings, state: StateFolder, logger: Logger) throws {
        self.settings = settings
        self.state = state
        self.logger = logger
        store = try HookStore(folder: state.hook)
        inbox = DeliveryInbox(store: store)
        repositories = RepositoryDirectory(settings: settings, state: state)
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        releases = Releases(
            settings: settings, state: state, store: store,
            marathon: MarathonClient(settings: settings.current, state: state, http: http), logger: logger)
        reporter = Reporter(settings: settings, store: store, http: http, logger: logger)
        retention = RetentionKeeper(
            settings: settings, state: state, store: store, releases: releases, logger: logger)
        watch = BranchWatch(
            store: store, source: CodeSource(state: state),
            observer: PreviewRemoval(store: store, releases: releases, retention: retention, logger: logger),
            logger: logger)
        deployer = Deployer(
            settings: settings, state: state, store: store, releases: releases, http: http, logger: logger,
            submitted: { [arrival] in _ = arrival.yield() })
    }

    public func run() async throws {
        try await store.recover()
        for release in try await store.unfinishedReleases() { releases.interrupted.continuation.yield(release) }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.sweepBuilds() }
            group.addTask { await self.lookAgainAndAgain() }
            group.addTask { await self.releases.run() }
            group.addTask { await self.reporter.run() }
            group.addTask { await self.retention.run() }
            // What an earlier process left unfinished.
            arrival.yield()
            for await _ in arrivals.cancelOnGracefulShutdown() {
                let unfinished = (try? await store.unfinished()) ?? []
                for deploy in DeployQueue.next(
                    unfinished, running: running, builders: settings.current.hook.builders)
                {
                    let task = begin(deploy)
                    group.addTask {
                        await withTaskCancellationHandler {
                            await task.value
                        } onCancel: {
                            task.cancel()
                        }
                    }
                }
            }
            // Interrupted deploys go on with the next process.
            group.cancelAll()
        }
        try await close()
    }

    /// Takes no delivery any more.
    func close() async throws {
        isDraining = true
        try await http.shutdown()
    }

    // MARK: Deliveries

    /// Stores a verified delivery and starts its deploys.
    /// - Parameter delivery: to each program that it is for.
    /// - Throws: ``DeliveryRefusal``, when it is not stored.
    func accept(_ delivery: [Delivery]) async throws -> [HookStore.Receipt] {
        guard !isDraining else {
            throw DeliveryRefusal(.draining, "flock-hook is ending; its next start finds what was pushed")
        }
        let receipts: [HookStore.Receipt]
        do {
            receipts = try await inbox.receive(delivery, at: Date())
        } catch {
            logger.error(
                "a delivery cannot be stored: \(error)", metadata: ["repository": "\(delivery.first?.repository ?? "")"]
            )
            throw DeliveryRefusal(.storeUnavailable, "the delivery could not be stored; deliver it again")
        }
        CrashPoint.hookReceived.pass()
        received += 1
        for one in delivery where one.changes.contains(where: { $0.after == nil }) { looks.hurry(one.repository) }
        arrival.yield()
        return receipts
    }

    /// Ends a deploy that Marathon does not have yet.
    /// - Returns: the deploy as it was.
    func cancel(_ id: Int64) async throws -> DeployRecord? {
        let deploy = try await store.cancel(id)
        if deploy?.state.isCancellable == true {
            work[id]?.cancel()
            finished[.cancelled, default: 0] += 1
            arrival.yield()
        }
        return deploy
    }

    // MARK: Branches

    private func lookAgainAndAgain() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled && !isDraining {
                while let repository = nextToLookAt() { group.addTask { await self.look(at: repository) } }
                try? await Task.sleep(for: .milliseconds(250))
            }
            group.cancelAll()
        }
    }

    private func nextToLookAt() -> KnownRepository? {
        let (all, resync) = (repositories.all, settings.current.hook.resync.duration)
        let pauses = all.map { ($0.key, min($0.poll ?? resync, resync)) }
        let key = looks.next(of: Dictionary(pauses, uniquingKeysWith: min), at: .now)
        return all.first { $0.key == key }
    }

    /// Looks at one, and then at those that have waited for it.
    private func look(at first: KnownRepository) async {
        var next: KnownRepository? = first
        while let repository = next {
            do {
                if try await !watch.look(at: repository).isEmpty { arrival.yield() }
                complained.remove(repository.key)
                looked += 1
            } catch {
                if !Task.isCancelled, complained.insert(repository.key).inserted {
                    logger.warning("cannot look for pushes: \(error)", metadata: ["repository": "\(repository.key)"])
                }
            }
            looks.ended(repository.key)
            next = isDraining || Task.isCancelled ? nil : nextToLookAt()
        }
    }

    /// Ends builds that an earlier process has left, and that nobody will go on with.
    private func sweepBuilds() async {
        do {
            try await deployer.sweepBuilds()
        } catch  where !(error is CancellationError || Task.isCancelled) {
            logger.warning("cannot look for builds that were left: \(error)")
        } catch {}
    }

    // MARK: Deploys

    private func begin(_ deploy: DeployRecord) -> Task<Void, Never> {
        running[deploy.id] = deploy.lane
        let task = Task {
            do {
                try await attempt(deploy)
            } catch is CancellationError {
                // The process ends, and the deploy stays unfinished; or somebody cancelled it.
            } catch is DeployEnded {
                // Cancelled between two steps.
            } catch {
                logger.error("deploy failed: \(error)", metadata: ["deploy": "\(deploy.id)"])
                // The store takes nothing, as on a full disk: the deploy is still unfinished, and begins again.
                try? await Task.sleep(for: .seconds(1))
            }
            running[deploy.id] = nil
            work[deploy.id] = nil
            // Its branch may have been deleted meanwhile, which no look could act on.
            if deploy.environment == "preview" { looks.hurry(deploy.repository) }
            arrival.yield()
        }
        work[deploy.id] = task
        return task
    }

    private func attempt(_ known: DeployRecord) async throws {
        // It may have ended since it was listed.
        guard let deploy = try await store.deploy(known.id), !deploy.state.isFinal else { return }
        guard let repository = repositories.find(key: deploy.repository) else {
            return try await fail(
                deploy,
                DeployFailure(
                    code: ReasonCode.repositoryUnknown.rawValue,
                    message: "\(deploy.repository) is not in the settings any more"))
        }
        do {
            try await deployer.deploy(deploy, from: repository)
            if let end = try await store.deploy(deploy.id)?.state { finished[end, default: 0] += 1 }
        } catch let failure as DeployFailure {
            if failure.code == ReasonCode.branchGone.rawValue {
                try await store.finish(deploy.id, .superseded, .branchGone(deploy.branch))
                finished[.superseded, default: 0] += 1
            } else {
                try await fail(deploy, failure)
            }
        } catch  where !(error is CancellationError || error is DeployEnded || Task.isCancelled) {
            let code = (error as? MarathonError)?.code.rawValue ?? ReasonCode.internalError.rawValue
            try await fail(deploy, DeployFailure(code: code, message: "\(error)"))
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
        return [
            Metric("flock_hook_deliveries_total", .counter, Double(received), help: "Verified deliveries."),
            Metric("flock_hook_looks_total", .counter, Double(looked), help: "Looks at a repository's branches."),
        ] + ends
    }
}
