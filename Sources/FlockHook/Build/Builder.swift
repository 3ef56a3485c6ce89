import FlockCore
import Foundation
import Logging
import Marathon
import NIOCore
import NIOPosix

/// Has a plan carried out by Marathon, so that it runs in the engine's isolation, and fetches what it made.
struct Builder: Sendable {
    let settings: Settings
    let state: StateFolder
    let store: HookStore
    let marathon: MarathonClient
    let persistently: Persistence

    struct Order: Sendable {
        var plan: BuildPlan
        var slug: Slug
        /// The program's folder within the source.
        var folder: String
        var env: [String: String]
        /// Names of files among the artifacts: the source, and what the result is to be called.
        var source: String
        var result: String
        /// Production, or a branch of previews.
        var lane: String
        /// The contents of the lock file and of what says where packages come from.
        var lock: [[UInt8]]
    }

    /// Bytes of what a build makes; the engine unpacks no more.
    private static let resultLimit = 2 << 30
    /// Bytes of output that the deploy's story repeats; all of it is in the log.
    private static let storyLimit = 256 << 10

    /// - Throws: ``DeployFailure`` with `build_failed` or `build_timed_out`.
    func build(_ order: Order, for deploy: Int64) async throws {
        let cache = BuildCache(state: state, limit: settings.hook.build.cache << 20)
        let kept = order.plan.cache.map { cache.name(slug: order.slug, lane: order.lane, $0, lock: order.lock) }
        let hasCache = kept.map(cache.has) ?? false
        let mark = "flock-build-\(UUID().uuidString.lowercased()):"
        let script = BuildScript(plan: order.plan, folder: order.folder, hasCache: hasCache, mark: mark)
        let artifacts = "http://\(settings.hook.artifacts.local)/artifacts/"
        let app = BuildApp(
            deploy: deploy, script: script.text, env: order.env, source: artifacts + order.source,
            cache: hasCache ? kept.map { artifacts + $0 } : nil, settings: settings.hook.build)
        // Of an attempt that was interrupted.
        try await remove(deploy)
        do {
            do {
                _ = try await persistently {
                    try await marathon.put(app.definition, to: app.definition.id ?? "", force: true)
                }
            } catch let error as MarathonError {
                throw DeployFailure(code: "build_failed", message: "Marathon refused the build: \(error.message)")
            }
            let end = ContinuousClock.now + settings.hook.build.timeout.duration
            let task = try await follow(deploy, mark: mark, until: end)
            try await fetch("\(task)/\(BuildScript.result)", to: order.result, until: end)
            if let kept, cache.limit > 0 {
                // There only where they were installed anew: those that were kept may be of another Node. What is not
                // there, or too large, is installed anew the next time.
                try? await fetch("\(task)/\(BuildScript.cache)", to: kept, until: end)
                try await NIOThreadPool.singleton.runIfActive { cache.trim() }
            }
        } catch {
            // A build goes on as long as its app is there. What a process that ends cannot remove, the next one does.
            if Task.isCancelled {
                await Task { _ = try? await marathon.answering(within: .seconds(5)).delete(BuildApp.id(of: deploy)) }
                    .value
            } else {
                try await remove(deploy)
            }
            throw error
        }
        try await remove(deploy)
    }

    /// Ends builds whose deploys have come to an end, or were never known.
    func sweep() async throws {
        let builds = try await persistently { try await marathon.apps() }.compactMap(BuildApp.deploy)
        // Read last: the engine may have been away for long.
        let unfinished = Set(try await store.unfinished().map(\.id))
        for deploy in builds where !unfinished.contains(deploy) { try await remove(deploy) }
    }

    private func remove(_ deploy: Int64) async throws {
        let id = BuildApp.id(of: deploy)
        let deadline = ContinuousClock.now + .seconds(60)
        while try await persistently({ try await marathon.app(id) }) != nil {
            do {
                _ = try await persistently { try await marathon.delete(id) }
            } catch let error as MarathonError where [.notFound, .locked].contains(error.code) {
                // It is gone, or going.
            }
            guard ContinuousClock.now < deadline else {
                throw DeployFailure(code: "build_failed", message: "the app \(id) of an earlier build does not go")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    // MARK: Following

    /// Until the build is over.
    /// - Returns: the id of its task.
    private func follow(_ deploy: Int64, mark: String, until end: ContinuousClock.Instant) async throws -> String {
        var transcript = BuildTranscript(mark: mark)
        var log = try BuildLog(deploy: deploy, in: state)
        defer { log.close() }
        var told = 0
        var hasBegun = false
        while ContinuousClock.now < end {
            let app = try await persistently { try await marathon.app(BuildApp.id(of: deploy)) }
            // The task that has failed may have said why.
            let failure = app?.lastTaskFailure
            if let task = failure?.taskId ?? app?.tasks?.last?.id {
                hasBegun = true
                let lines = try await read(task, &transcript)
                try log.append(lines)
                if told < Self.storyLimit, !lines.isEmpty {
                    told += lines.reduce(0) { $0 + $1.utf8.count }
                    try await store.tell(deploy, lines)
                }
                if transcript.exit == 0 { return task }
                if let status = transcript.exit {
                    throw failed("\"\(transcript.step)\" ended with status \(status)", deploy)
                }
            }
            if let failure { throw failed("it ended: \(failure.message)", deploy) }
            guard app != nil else { throw failed("its app was removed", deploy) }
            try await Task.sleep(for: .milliseconds(100))
        }
        let build = settings.hook.build
        let limit = build.timeout
        var error = failed(
            hasBegun
                ? "it took longer than \(limit), which hook.build.timeout allows"
                : "for \(limit) there was no room for its \(build.cpus) cpus and \(build.mem) MiB (hook.build)", deploy)
        error.code = "build_timed_out"
        throw error
    }

    private func read(_ task: String, _ transcript: inout BuildTranscript) async throws -> [String] {
        var lines: [String] = []
        // A build that prints faster than it is read has to be looked at meanwhile, too.
        for _ in 0..<16 {
            let offset = transcript.offset
            do {
                let chunk = try await persistently { try await marathon.readFile("\(task)/stdout", offset: offset) }
                lines += transcript.take(chunk)
            } catch let error as MarathonError where error.code == .notFound {
                // It has not started.
                return lines
            }
            if transcript.offset == offset || transcript.exit != nil { return lines }
        }
        return lines
    }

    /// What the build has printed the pusher has seen already.
    private func failed(_ why: String, _ deploy: Int64) -> DeployFailure {
        DeployFailure(
            code: "build_failed", message: "the build failed: \(why); all of it: flock logs --deploy \(deploy)")
    }

    // MARK: Fetching

    /// A file appears among the artifacts when it is complete.
    /// - Parameter end: until then an engine that is away, or breaks off, is asked again.
    private func fetch(_ file: String, to name: String, until end: ContinuousClock.Instant) async throws {
        let target = "\(state.artifacts)/\(name)"
        // Somebody else may fetch the same, and what is being written has a dot before its name.
        let part = "\(state.artifacts)/.\(UUID().uuidString).part"
        defer { try? FileManager.default.removeItem(atPath: part) }
        do {
            try await persistently(until: end) { try await download(file, to: part) }
        } catch let error as MarathonError {
            throw DeployFailure(code: "build_failed", message: "what was built cannot be fetched: \(error.message)")
        }
        guard unsafe rename(part, target) == 0 else {
            throw DeployFailure(code: "internal", message: "\(target) cannot be written (error \(errno))")
        }
    }

    private func download(_ file: String, to part: String) async throws {
        // What an attempt that broke off has left is replaced.
        guard FileManager.default.createFile(atPath: part, contents: nil, attributes: [.posixPermissions: 0o600]) else {
            throw DeployFailure(code: "internal", message: "\(part) cannot be written")
        }
        let output = try FileHandle(forWritingTo: URL(fileURLWithPath: part))
        defer { try? output.close() }
        var size = 0
        try await marathon.download(file) { buffer in
            size += buffer.readableBytes
            guard size <= Self.resultLimit else {
                throw DeployFailure(code: "build_failed", message: "what the build made is larger than 2 GiB")
            }
            let data = Data(buffer.readableBytesView)
            try await NIOThreadPool.singleton.runIfActive { try output.write(contentsOf: data) }
        }
        try await NIOThreadPool.singleton.runIfActive { try output.synchronize() }
    }
}
