import AsyncHTTPClient
import FlockCore
import Foundation
import Logging
import NIOCore
import NIOHTTP1

/// Tells forges and chats how deploys go. It reads what the store says and is in nobody's way: a deploy neither waits
/// for it nor fails with it. Each forge and chat is told of each deploy on its own, so that one that does not answer keeps
/// none waiting; how many requests one host gets at once is the HTTP client's.
actor Reporter {
    private struct Report: Hashable {
        var deploy: Int64
        var receiver: ReportPlan.Receiver
    }

    private let settings: LiveSettings
    private let store: HookStore
    private let http: HTTPClient
    private let pause: @Sendable (_ failures: Int) -> Duration
    private let logger: Logger
    /// What may have to be told.
    private var waiting: Set<Report> = []
    private var busy: Set<Report> = []

    /// How often somebody is told the same before it is left.
    static let mostAttempts = 8

    /// - Parameter pause: before the next attempt.
    init(
        settings: LiveSettings, store: HookStore, http: HTTPClient, logger: Logger,
        pause: @escaping @Sendable (Int) -> Duration = { .seconds(min(60, 1 << ($0 - 1))) }
    ) {
        self.settings = settings
        self.store = store
        self.http = http
        self.pause = pause
        self.logger = logger
    }

    /// Until it is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            let (finished, continuation) = AsyncStream.makeStream(of: Report?.self)
            group.addTask { await self.watch(continuation) }
            for await report in finished {
                if let report { busy.remove(report) }
                let next = waiting.subtracting(busy)
                waiting.subtract(next)
                busy.formUnion(next)
                for report in next {
                    group.addTask {
                        await self.settle(report.deploy, with: report.receiver)
                        continuation.yield(report)
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// Finds the deploys to look at, and says so with `nil`.
    private func watch(_ found: AsyncStream<Report?>.Continuation) async {
        /// Deploys up to here ended before this process began, without anybody having been told of them.
        var past: Int64?
        while !Task.isCancelled {
            do {
                for try await all in store.reportables() {
                    let threshold = past ?? all.last?.id ?? 0
                    past = threshold
                    for deploy in all
                    where !deploy.isDone && (deploy.isBegun || !deploy.hasEnded || deploy.id > threshold) {
                        if project(deploy.repository) != nil {
                            waiting.insert(.init(deploy: deploy.id, receiver: .forge))
                        }
                        if chat(deploy.repository) != nil { waiting.insert(.init(deploy: deploy.id, receiver: .chat)) }
                    }
                    found.yield(nil)
                }
            } catch {
                logger.error("cannot read what is to be reported: \(error)")
            }
            // The store cannot be read, as when a disk fails; it may be again.
            try? await Task.sleep(for: .seconds(1))
        }
        found.finish()
    }

    /// Tells one of them all that it has to be told of one deploy by now.
    private func settle(_ id: Int64, with receiver: ReportPlan.Receiver) async {
        var failures: [ReportPlan.Audience: Int] = [:]
        var silent: Set<ReportPlan.Audience> = []
        while !Task.isCancelled {
            do {
                // Read anew each time: while somebody did not answer, the deploy may have moved on.
                guard let deploy = try await store.deploy(id), let announcement = Announcement(deploy) else { return }
                let told = try await store.told(of: id)
                let plan = ReportPlan(
                    announcement: announcement, project: project(deploy.repository), chat: chat(deploy.repository),
                    told: told)
                guard let step = plan.next(for: receiver, without: silent) else {
                    if !silent.isEmpty {
                        try await Task.sleep(for: pause(silent.compactMap { failures[$0] }.min() ?? 1))
                        silent = []
                        continue
                    }
                    // Whoever is told last finds nothing left for the other.
                    if announcement.phase.isFinal, plan.isDone { try await store.setTold(of: id) }
                    return
                }
                let outcome = await attempt(step, repository: deploy.repository)
                let audience = step.audience
                if case .unanswered(let why) = outcome {
                    failures[audience, default: 0] += 1
                    if failures[audience, default: 0] < Self.mostAttempts {
                        logger.debug("not reported yet: \(why)", metadata: ["deploy": "\(id)"])
                        silent.insert(audience)
                        continue
                    }
                }
                failures[audience] = nil
                if let why = outcome.complaint {
                    logger.warning("not reported: \(why)", metadata: ["deploy": "\(id)", "to": "\(audience.rawValue)"])
                }
                try await store.keepTold(step.told(outcome, announcement), to: audience, of: id)
            } catch {
                if !(error is CancellationError) {
                    logger.error("cannot report: \(error)", metadata: ["deploy": "\(id)"])
                }
                return
            }
        }
    }

    private func attempt(_ step: ReportPlan.Step, repository: String) async -> ReportOutcome {
        let message = step.message
        var request = HTTPClientRequest(url: message.url.absoluteString)
        request.method = .POST
        request.headers = ["Content-Type": "application/json", "User-Agent": "flock"]
        for (name, value) in message.headers { request.headers.add(name: name, value: value) }
        if step.audience != .chat, let project = project(repository) {
            guard let token = secret(report(repository)?.token) else { return .refused("the token's file is empty") }
            let credential = project.credential(token)
            request.headers.add(name: credential.name, value: credential.value)
        }
        do {
            request.body = .bytes(ByteBuffer(bytes: try message.body.json))
            let response = try await http.execute(request, timeout: .seconds(10))
            let body = try await response.body.collect(upTo: 1 << 20)
            return ReportOutcome(status: Int(response.status.code), body: Array(body.readableBytesView))
        } catch let error as HTTPClientError {
            return .unanswered(error.shortDescription)
        } catch {
            // Not the error's own words: they may hold the address, which is a secret for a chat.
            return .unanswered("\(type(of: error))")
        }
    }

    // MARK: Settings

    private func entry(_ repository: String) -> Settings.Repository? {
        settings.current.hook.repositories.first { $0.program == repository }
    }

    private func report(_ repository: String) -> Settings.Repository.Report? { entry(repository)?.report }

    private func project(_ repository: String) -> ForgeProject? {
        guard let entry = entry(repository), let report = entry.report else { return nil }
        return ForgeProject(report, repository: RepositoryAddress(entry.url).text, folder: entry.path)
    }

    private func chat(_ repository: String) -> URL? {
        guard let text = secret(entry(repository)?.slack), let url = URL(string: text),
            ["http", "https"].contains(url.scheme)
        else { return nil }
        return url
    }

    /// Read each time, so that a new one holds at once.
    private func secret(_ file: Settings.SecretFile?) -> String? {
        guard let file, let data = FileManager.default.contents(atPath: file.file) else { return nil }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : text
    }
}

extension HookStore.Reportable {
    fileprivate var hasEnded: Bool { DeployRecord.State(rawValue: state)?.isFinal ?? true }
}
