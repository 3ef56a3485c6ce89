internal import CLibgit2
public import Foundation
internal import Synchronization
internal import SystemPackage

/// What a repository needs to be a store of fetched commits. Each is there with all its files and without its parents,
/// which the file `shallow` says, so that git understands the store, too.
extension GitRepository {
    /// Given to a server; more would not save much.
    private static let haveLimit = 64

    /// Opens the store, creates it where there is none, and empties it before when it has become too large.
    static func openStore(at path: String, lease: StoreLease, limits: FetchLimits) throws(GitError) -> GitRepository {
        let folder = "\(path)/objects/pack"
        var packs = 0
        var bytes = 0
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let file = "\(folder)/\(name)"
            if name.hasPrefix("pack_git2_") {
                // What a fetch that was killed has left; a younger one may belong to a fetch that runs.
                let changed = try? FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date
                if let changed, changed.timeIntervalSinceNow < -3600 {
                    try? FileManager.default.removeItem(atPath: file)
                }
            } else if name.hasSuffix(".pack") {
                packs += 1
                // Foundation would look up the names of owner and group, too, for each of them.
                bytes += size(of: file)
            }
        }
        if packs > limits.storePacks || bytes > limits.storeBytes { _ = lease.discard() }
        do throws(GitError) {
            return try GitRepository(bareAt: path, lease: lease)
        } catch {
            guard error.code == .notARepository else { throw error }
            // Half a repository is none.
            if FileManager.default.fileExists(atPath: path) { _ = lease.discard() }
        }
        do throws(GitError) {
            try createBare(at: path)
        } catch {
            // Another fetch created it meanwhile.
            guard error.code == .alreadyExists else { throw error }
        }
        return try GitRepository(bareAt: path, lease: lease)
    }

    /// Notes that a store of fetched commits is still wanted.
    ///
    /// - Throws: `fileSystem`.
    public static func keepStore(at path: String) async throws(GitError) {
        try await onOwnThread("keep \(path)") { () throws(GitError) in try StoreLease(path).keep() }
    }

    /// Removes a store that nobody has wanted since a moment and nobody uses now. Its lock stays, an empty file.
    ///
    /// - Returns: whether it is gone.
    /// - Throws: `fileSystem`.
    public static func discardStore(at path: String, unwantedSince moment: Date) async throws(GitError) -> Bool {
        try await onOwnThread("discard \(path)") { () throws(GitError) in
            let lease = try StoreLease(path)
            guard let kept = lease.kept, kept < moment else { return false }
            return lease.discard()
        }
    }

    private static func size(of file: String) -> Int {
        guard let descriptor = try? FileDescriptor.open(file, .readOnly) else { return 0 }
        return (try? descriptor.closeAfter { Int(try descriptor.seek(offset: 0, from: .end)) }) ?? 0
    }

    /// The commits that are there, newest fetches first, and which of them lack their parents.
    func known() throws(GitError) -> UploadPackSession.Known {
        let targets = Set(try references(under: "refs/").map(\.target))
        return UploadPackSession.Known(
            commits: Array(targets.prefix(Self.haveLimit)),
            shallow: shallow().sorted { $0.description < $1.description })
    }

    func isKnown(_ commit: ObjectID) throws(GitError) -> Bool {
        try references(under: "refs/").contains { $0.target == commit }
    }

    private var shallowFile: String { "\(path)/shallow" }

    private func shallow() -> Set<ObjectID> {
        let text = (try? String(contentsOfFile: shallowFile, encoding: .utf8)) ?? ""
        return Set(text.split(separator: "\n").compactMap { ObjectID(String($0)) })
    }

    /// Written before the pack is there: a commit that lacks its parents must never look damaged.
    func changeShallow(adding added: Set<ObjectID>, removing removed: Set<ObjectID>) throws(GitError) {
        guard !added.isEmpty || !removed.isEmpty else { return }
        try Self.changing.withLock { _ throws(GitError) in
            let lines = shallow().union(added).subtracting(removed).map { "\($0)\n" }.sorted()
            var file = try AtomicFile(shallowFile)
            try file.append(Array(lines.joined().utf8))
            try file.commit()
        }
    }

    func point(_ name: String, to commit: ObjectID) throws(GitError) {
        try Self.changing.withLock { _ throws(GitError) in
            var oid = git_oid()
            // What is right already costs no writing to the disk.
            if git_reference_name_to_id(&oid, repository.handle.pointer, name) == 0, ObjectID(oid) == commit { return }
            oid = commit.oid
            _ = try Handle("write \(name)", free: git_reference_free) {
                git_reference_create(&$0, repository.handle.pointer, name, &oid, 1, "fetch")
            }
        }
    }

    /// Looks whether a commit is there with all its files. Trees are read; of files it is enough that they are there.
    ///
    /// - Throws: `corrupt`.
    func checkCompleteness(of commit: ObjectID) throws(GitError) {
        let operation = "check \(commit)"
        do throws(GitError) {
            var trees = [try repository.tree(ofCommit: commit)]
            var seen = Set<ObjectID>()
            while let next = trees.popLast() {
                try TreeListing.checkCancellation()
                let tree = try repository.tree(next)
                for index in 0..<git_tree_entrycount(tree.pointer) {
                    guard let entry = git_tree_entry_byindex(tree.pointer, index), let id = git_tree_entry_id(entry)
                    else {
                        continue
                    }
                    switch git_tree_entry_filemode_raw(entry) {
                    case GIT_FILEMODE_COMMIT: continue
                    case GIT_FILEMODE_TREE: if seen.insert(ObjectID(id.pointee)).inserted { trees.append(id.pointee) }
                    default:
                        guard git_odb_exists(repository.objects.pointer, id) == 1 else {
                            throw GitError(
                                .corrupt, operation: operation, message: "\(ObjectID(id.pointee)) is missing")
                        }
                    }
                }
            }
        } catch {
            guard error.code == .notFound || error.code == .other else { throw error }
            throw error.with(code: .corrupt)
        }
    }
}
