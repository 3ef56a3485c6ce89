internal import CLibgit2
internal import Foundation
internal import Synchronization

/// A bare repository on this machine, read in place. Its work runs on a thread of its own, one call after the other,
/// and looks at neither the folder's owner nor the host's git configuration.
///
/// Nothing is ever checked out: a file is read from the object database, and a tree becomes an archive.
public actor GitRepository {
    /// libgit2 does not wait for another's lock on a reference, it fails. Changing one takes about a millisecond.
    static let changing = Mutex(())

    let path: String
    let repository: Repository
    private let executor: QueueExecutor
    /// Keeps the store as it is while it is read.
    private let lease: StoreLease?

    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Opens the bare repository at `path`, the folder that holds `HEAD`. This is quick and is done at once.
    ///
    /// - Throws: `notARepository`.
    public init(bareAt path: String) throws(GitError) {
        try self.init(bareAt: path, lease: nil)
    }

    init(bareAt path: String, lease: StoreLease?) throws(GitError) {
        self.lease = lease
        self.path = path
        repository = try Repository(bareAt: path)
        executor = QueueExecutor(label: "git \(path)")
    }

    /// The commit at the end of `branch`, a short name such as `main` or `feature/x`; nil if there is no such branch.
    ///
    /// - Throws: `invalidName`.
    public func tip(of branch: String) throws(GitError) -> ObjectID? {
        let name = try BranchName(branch).reference
        var oid = git_oid()
        do {
            try check("read \(name)", git_reference_name_to_id(&oid, repository.handle.pointer, name))
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
        return try commit(ObjectID(oid)).id
    }

    /// All branches, by name.
    public func branches() throws(GitError) -> [Reference] {
        try references(under: "refs/heads/")
    }

    func references(under prefix: String) throws(GitError) -> [Reference] {
        let operation = "list \(prefix)"
        let iterator = try Handle(operation, free: git_reference_iterator_free) {
            git_reference_iterator_glob_new(&$0, repository.handle.pointer, "\(prefix)*")
        }
        var names: [String] = []
        while true {
            var name: UnsafePointer<CChar>?
            let status = git_reference_next_name(&name, iterator.pointer)
            if status == GIT_ITEROVER.rawValue { break }
            try check(operation, status)
            if let name { names.append(String(cString: name)) }
        }
        var references: [Reference] = []
        for name in names.sorted() {
            var oid = git_oid()
            let status = git_reference_name_to_id(&oid, repository.handle.pointer, name)
            // A push may have deleted it since the list was read.
            if status == GIT_ENOTFOUND.rawValue { continue }
            try check("read \(name)", status)
            references.append(Reference(name: name, target: ObjectID(oid)))
        }
        return references
    }

    /// The commit that `id` names, itself or through annotated tags.
    ///
    /// - Throws: `notFound`, `notACommit`.
    public func commit(_ id: ObjectID) throws(GitError) -> Commit {
        let commit = try repository.commit(id)
        let tree = try repository.treeID(of: commit)
        guard let oid = git_commit_id(commit.pointer) else {
            throw GitError(.corrupt, operation: "read commit \(id)", message: "the commit has no id")
        }
        let author = git_commit_author(commit.pointer).flatMap { $0.pointee.name.map { String(cString: $0) } }
        return Commit(
            id: ObjectID(oid.pointee),
            tree: ObjectID(tree),
            summary: git_commit_summary(commit.pointer).map { String(cString: $0) } ?? "",
            author: author ?? "",
            time: Date(timeIntervalSince1970: TimeInterval(git_commit_time(commit.pointer))))
    }

    /// The content of the file at `path`, with `/` between its parts, at a commit; nil if there is nothing there.
    ///
    /// - Parameter limit: bytes; the size is known before the file is read.
    /// - Throws: `unsafeEntry` for a symbolic link or an odd mode, `notAFile` for a folder, `submodule`, `lfsPointer`,
    ///   `tooLarge`, and `notFound` or `notACommit` for the commit.
    public func file(
        _ path: String, at commit: ObjectID, limit: Int = 256 * 1024
    ) throws(GitError) -> [UInt8]? {
        let operation = "read \(path.debugDescription) at \(commit)"
        guard let entry = try repository.entry(at: path, in: repository.tree(ofCommit: commit), operation) else {
            return nil
        }
        switch entry.kind {
        case .file: break
        case .folder: throw GitError(.notAFile, operation: operation, message: "it is a folder")
        case .submodule: throw GitError(.submodule, operation: operation, message: "it is a submodule")
        case .link:
            throw GitError(
                .unsafeEntry, operation: operation, message: "it is a symbolic link",
                hint: "put the file itself in its place")
        case nil:
            throw GitError(
                .unsafeEntry, operation: operation,
                message: "the mode \(String(entry.mode, radix: 8)) is not one of git's")
        }
        let size = try repository.blobSize(entry.oid, operation)
        guard size <= limit else {
            throw GitError(.tooLarge, operation: operation, message: "\(size) bytes, where \(limit) are allowed")
        }
        let content = try repository.blob(entry.oid, operation)
        guard !LFSPointer.matches(content) else {
            throw GitError(
                .lfsPointer, operation: operation, message: "the repository holds only a Git LFS pointer",
                hint: LFSPointer.hint)
        }
        return content
    }
}
