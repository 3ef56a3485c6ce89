import FlockCore
import Foundation
import HAProxy
import Logging

/// Takes certificates from the folder of the settings to HAProxy.
///
/// ```
/// folder ─► read, check, try ─► files of HAProxy ─┬─► runtime socket
///                                                 └─► else: reload
/// ```
/// What is bad is left out and named in the log; where a good one of that name serves, it goes on serving until it
/// expires. So a file that is half written does no harm.
actor CertificateFeed {
    private let settings: LiveSettings
    private let paths: HAProxyPaths
    private let store: CertificateStore
    private let trial: CertificateTrial
    private let runtime: RuntimeSocket
    private let logger: Logger

    /// What HAProxy reads when it starts, `nil` while it was given nothing.
    private(set) var served: CertificateSet?
    /// The files that this was made of.
    private var used: [String: CertificateFolder.Stamp] = [:]
    private var lastSeen: [String: CertificateFolder.Stamp] = [:]
    /// Whether the files say more than HAProxy knows, until it has read them.
    private var owesReload = false
    /// What was complained of already.
    private var complaints: [String: String] = [:]
    private var missing: String?

    init(
        settings: LiveSettings, paths: HAProxyPaths, haproxy: HAProxyProcess, runtime: RuntimeSocket, logger: Logger
    ) {
        self.settings = settings
        self.paths = paths
        self.runtime = runtime
        self.logger = logger
        store = CertificateStore(paths: paths)
        trial = CertificateTrial(haproxy: haproxy, folder: paths.certificateTrial)
    }

    /// Takes over from a HAProxy that has read the files as an earlier run left them.
    func adopt() async throws {
        guard FileManager.default.fileExists(atPath: paths.certificateList.rawValue) else { return try await prepare() }
        served = settings.current.https.listen == nil ? nil : store.stored(at: Date())
    }

    /// Puts the certificates where HAProxy will read them, before it starts with TLS or gets it by a reload.
    func prepare() async throws {
        guard settings.current.https.listen != nil else {
            served = nil
            return
        }
        guard served == nil else { return }
        let now = Date()
        let seen = look()
        let stored = store.stored(at: now)
        // A folder that cannot be read takes no certificate away.
        var wanted = stored
        if seen != nil || stored.names.isEmpty {
            wanted = try await read((seen ?? [:]).keys.sorted(), at: now, keeping: stored)
        }
        try store.write(wanted)
        (served, used) = (wanted, seen ?? [:])
    }

    enum Outcome: Sendable, Hashable {
        case unchanged
        /// New connections get the new certificates.
        case applied
        /// The files say more than HAProxy knows.
        case needsReload
    }

    /// Looks at the folder, and brings HAProxy what has changed.
    func follow() async throws -> Outcome {
        guard settings.current.https.listen != nil, let served else { return .unchanged }
        let now = Date()
        // A folder that is gone for a moment takes no certificate away.
        guard let seen = look() else { return owesReload ? .needsReload : .unchanged }
        // Not while somebody writes.
        let isSettled = seen == lastSeen
        lastSeen = seen
        let isExpired = served.certificates.values.contains { $0.expiry <= now }
        guard isSettled, seen != used || isExpired else { return owesReload ? .needsReload : .unchanged }
        let wanted = try await read(seen.keys.sorted(), at: now, keeping: served)
        guard wanted != served else {
            used = seen
            return owesReload ? .needsReload : .unchanged
        }
        let commands = served.changes(to: wanted, list: paths.certificateList) { paths.certificate($0) }
        try store.write(wanted)
        (self.served, used) = (wanted, seen)
        logger.info(
            "certificates have changed", metadata: ["certificates": "\(wanted.names.joined(separator: " "))"])
        // What HAProxy has is not what the commands begin with.
        guard let commands, !owesReload else {
            owesReload = true
            return .needsReload
        }
        owesReload = true
        do {
            try await runtime.run(commands)
            owesReload = false
            return .applied
        } catch {
            logger.warning("HAProxy does not take the certificates through its socket, it will reload: \(error)")
            return .needsReload
        }
    }

    /// HAProxy has read the files.
    func reloaded() { owesReload = false }

    private func look() -> [String: CertificateFolder.Stamp]? {
        let folder = settings.current.https.certificates
        let seen = CertificateFolder(path: folder).stamps
        if seen == nil, missing != folder {
            logger.warning("there is no folder of certificates that can be read", metadata: ["folder": "\(folder)"])
        }
        missing = seen == nil ? folder : nil
        return seen
    }

    /// - Parameter files: of the folder.
    private func read(
        _ files: [String], at now: Date, keeping old: CertificateSet
    ) async throws -> CertificateSet {
        let folder = CertificateFolder(path: settings.current.https.certificates)
        var wanted = CertificateSet()
        var problems: [String: HAProxyError] = [:]
        let sources = CertificateSource.sources(in: files)
        for source in sources {
            do throws(HAProxyError) {
                guard paths.certificate(source.name) != nil else {
                    throw HAProxyError(
                        code: .system, operation: "read the certificate",
                        message: "HAProxy cannot read a file of that name", hint: "use A-Z a-z 0-9 . _ -")
                }
                wanted[source.name] = try folder.read(source, at: now)
            } catch {
                problems[source.name] = error
            }
        }
        let changed = CertificateSet(certificates: wanted.certificates.filter { old[$0.key] != $0.value })
        for (name, refusal) in try await trial.refusals(of: changed) {
            wanted[name] = nil
            problems[name] = refusal
        }
        for source in sources where wanted[source.name] == nil {
            wanted[source.name] = old[source.name].flatMap { $0.expiry > now ? $0 : nil }
        }
        if wanted[CertificateSet.fallback] == nil {
            wanted[CertificateSet.fallback] = try store.selfSigned(domain: settings.current.domain.text, at: now)
        }
        for source in sources {
            guard let problem = problems[source.name], complaints[source.name] != problem.description else { continue }
            let what = wanted[source.name] == nil ? "left out" : "not taken, a former one serves"
            logger.error(
                "certificate \(what): \(problem)",
                metadata: ["files": "\(source.files.joined(separator: " "))"])
        }
        complaints = problems.mapValues(\.description)
        return wanted
    }
}
