/// What a fetch brought.
public struct FetchedCommit: Sendable {
    /// The store with the commit in it. As long as anybody holds it, it is not emptied.
    public let repository: GitRepository
    public let commit: ObjectID
    /// From the server; 0 when nothing was asked for.
    public let receivedBytes: Int
}

extension GitRepository {
    /// What is fetched.
    public enum Wanted: Sendable, Hashable, CustomStringConvertible {
        /// The tip of a branch, by its short name.
        case branch(String)
        /// A commit, or an annotated tag of one, which the server still has to have.
        case commit(ObjectID)

        public var description: String {
            switch self {
            case .branch(let name): name
            case .commit(let id): id.description
            }
        }
    }

    /// Fetches one commit, without its history, into the bare repository at `path`, which is created if it is not there.
    /// Of what is there already only the difference comes.
    ///
    /// The store is for Flock alone: it is emptied when it has become too large, or is damaged, and nobody reads from
    /// it. No configuration of the host is honoured.
    ///
    /// - Throws: `notFound` if the server has no such branch; else what ``Remote/references(under:limits:)`` throws, and
    ///   `invalidName`, `corrupt`, `fileSystem`. The branch in the store moves only when all is there.
    public static func fetch(
        _ wanted: Wanted, from remote: Remote, into path: String, limits: FetchLimits = .default
    ) async throws(GitError) -> FetchedCommit {
        let operation = "fetch \(wanted) from \(remote.url)"
        if case .branch(let name) = wanted { _ = try BranchName(name) }
        do throws(GitError) {
            return try await within(limits.deadline, operation) { () async throws(GitError) in
                let lease = try await onOwnThread(operation) { () throws(GitError) in try StoreLease(path) }
                let fetch = Fetch(wanted: wanted, remote: remote, path: path, limits: limits, lease: lease)
                do throws(GitError) {
                    return try await fetch.run()
                } catch {
                    // The disk's fault, perhaps, and then the store's.
                    guard error.code == .corrupt, lease.discard() else { throw error }
                    return try await fetch.run()
                }
            }
        } catch {
            throw GitError(error.code, operation: operation, message: error.message, hint: error.hint)
        }
    }
}

private struct Fetch {
    let wanted: GitRepository.Wanted
    let remote: Remote
    let path: String
    let limits: FetchLimits
    let lease: StoreLease

    func run() async throws(GitError) -> FetchedCommit {
        let (path, lease, limits) = (path, lease, limits)
        let store = try await onOwnThread("open \(path)") { () throws(GitError) in
            try GitRepository.openStore(at: path, lease: lease, limits: limits)
        }
        let (commit, reference, received) = try await bring(into: store)
        try await store.checkCompleteness(of: commit)
        try await store.point(reference, to: commit)
        return try await FetchedCommit(repository: store, commit: store.commit(commit).id, receivedBytes: received)
    }

    /// What is meant, the name under which the store keeps it, and the bytes that came.
    private func bring(into store: GitRepository) async throws(GitError) -> (ObjectID, String, Int) {
        if case .commit(let id) = wanted, try await store.isKnown(id) { return (id, "refs/flock/\(id)", 0) }
        return try await remote.connected(limits) { transport throws(GitError) in
            var download = Download(limits: limits)
            let (commit, reference) = try await resolve(&download, over: &transport)
            if try await !store.isKnown(commit) {
                try await receive(commit, into: store, &download, over: &transport)
            }
            return (commit, reference, download.received)
        }
    }

    /// The commit that is meant, and the name under which the store keeps it.
    private func resolve(
        _ download: inout Download, over transport: inout any Transport
    ) async throws(GitError) -> (ObjectID, String) {
        switch wanted {
        case .commit(let id):
            // Asked for nothing, the server still says how it is to be talked to.
            _ = try await download.references(under: "refs/heads/\(id)", over: &transport)
            return (id, "refs/flock/\(id)")
        case .branch(let name):
            let name = "refs/heads/\(name)"
            let references = try await download.references(under: name, over: &transport)
            guard let reference = references.first(where: { $0.name == name }) else {
                throw GitError(
                    .notFound, operation: "fetch", message: "the server has no such branch",
                    hint: "push the branch, or correct its name")
            }
            return (reference.target, name)
        }
    }

    private func receive(
        _ commit: ObjectID, into store: GitRepository, _ download: inout Download, over transport: inout any Transport
    ) async throws(GitError) {
        let indexer = try PackIndexer(into: path, objectLimit: limits.objects)
        var shallow = Set<ObjectID>()
        var complete = Set<ObjectID>()
        try await download.pack(
            with: commit, known: store.known(), over: &transport
        ) { delivery throws(GitError) in
            switch delivery {
            case .pack(let bytes): try await indexer.append(bytes)
            case .shallow(let id): shallow.insert(id)
            case .unshallow(let id): complete.insert(id)
            }
        }
        try await store.changeShallow(adding: shallow, removing: complete)
        try await indexer.commit()
    }
}
