internal import CLibgit2

/// An open bare repository. It looks at an object's type and size before it reads the object, because a small pack can
/// hold an object that unpacks to gigabytes.
struct Repository: ~Copyable {
    /// Commits and tags are text; one beyond this is an attack.
    private static let textLimit = 8 << 20
    private static let treeLimit = 32 << 20
    private static let tagDepth = 8

    let handle: Handle
    let objects: Handle

    /// Opens without looking at who owns the folder, unlike `git_repository_open`.
    init(bareAt path: String) throws(GitError) {
        try Libgit2.start()
        let operation = "open \(path)"
        do {
            let handle = try Handle(operation, free: git_repository_free) { git_repository_open_bare(&$0, path) }
            objects = try Handle(operation, free: git_odb_free) { git_repository_odb(&$0, handle.pointer) }
            self.handle = handle
        } catch {
            guard error.code == .notFound else { throw error }
            throw error.with(code: .notARepository, hint: "give the folder that holds HEAD, objects and refs")
        }
    }

    /// Size and type from the object's header.
    private func header(of oid: git_oid, _ operation: String) throws(GitError) -> (size: Int, type: git_object_t) {
        var oid = oid
        var size = 0
        var type = GIT_OBJECT_INVALID
        try check(operation, git_odb_read_header(&size, &type, objects.pointer, &oid))
        return (size, type)
    }

    /// The commit that `id` names, through annotated tags.
    func commit(_ id: ObjectID) throws(GitError) -> Handle {
        let operation = "read commit \(id)"
        var oid = id.oid
        for _ in 0..<Self.tagDepth {
            let (size, type) = try header(of: oid, operation)
            guard type == GIT_OBJECT_COMMIT || type == GIT_OBJECT_TAG else {
                throw GitError(.notACommit, operation: operation, message: "the object is neither a commit nor a tag")
            }
            guard size <= Self.textLimit else {
                throw GitError(.tooLarge, operation: operation, message: "the object has \(size) bytes")
            }
            if type == GIT_OBJECT_COMMIT {
                return try Handle(operation, free: git_commit_free) { git_commit_lookup(&$0, handle.pointer, &oid) }
            }
            let tag = try Handle(operation, free: git_tag_free) { git_tag_lookup(&$0, handle.pointer, &oid) }
            guard let target = git_tag_target_id(tag.pointer) else {
                throw GitError(.corrupt, operation: operation, message: "the tag has no target")
            }
            oid = target.pointee
        }
        throw GitError(.notACommit, operation: operation, message: "the tag leads to \(Self.tagDepth) further tags")
    }

    func tree(_ oid: git_oid) throws(GitError) -> Handle {
        var oid = oid
        let operation = "read tree \(ObjectID(oid))"
        let (size, type) = try header(of: oid, operation)
        guard type == GIT_OBJECT_TREE else {
            throw GitError(.corrupt, operation: operation, message: "the object is not a tree")
        }
        guard size <= Self.treeLimit else {
            throw GitError(.tooLarge, operation: operation, message: "the tree has \(size) bytes")
        }
        do throws(GitError) {
            return try Handle(operation, free: git_tree_free) { git_tree_lookup(&$0, handle.pointer, &oid) }
        } catch {
            // libgit2 has no code for what it cannot take apart.
            throw error.code == .other ? error.with(code: .corrupt) : error
        }
    }

    /// The tree of a commit or of a tag that leads to one.
    func tree(ofCommit id: ObjectID) throws(GitError) -> git_oid {
        let commit = try commit(id)
        return try treeID(of: commit)
    }

    func treeID(of commit: borrowing Handle) throws(GitError) -> git_oid {
        guard let id = git_commit_tree_id(commit.pointer) else {
            throw GitError(.corrupt, operation: "read commit", message: "the commit has no tree")
        }
        return id.pointee
    }

    /// What is at a path, with `/` between its parts; nil if there is nothing.
    ///
    /// - Throws: `invalidName`.
    func entry(at path: String, in tree: git_oid, _ operation: String) throws(GitError) -> TreeEntry? {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy({ EntryName.refusal(of: Array($0.utf8)) == nil }) else {
            throw GitError(.invalidName, operation: operation, message: "not a path inside a repository")
        }
        var tree = tree
        for part in parts.dropLast() {
            guard let folder = TreeEntry(try self.tree(tree), named: part), folder.kind == .folder else { return nil }
            tree = folder.oid
        }
        guard let name = parts.last else { return nil }
        return TreeEntry(try self.tree(tree), named: name)
    }

    /// The folder at a path; the top one for an empty path.
    ///
    /// - Throws: `notFound`, `notAFolder`, `invalidName`.
    func folder(at path: String, in tree: git_oid, _ operation: String) throws(GitError) -> git_oid {
        if path.isEmpty { return tree }
        guard let entry = try entry(at: path, in: tree, operation) else {
            throw GitError(.notFound, operation: operation, message: "there is no \(path.debugDescription)")
        }
        guard entry.kind == .folder else {
            throw GitError(.notAFolder, operation: operation, message: "\(path.debugDescription) is no folder")
        }
        return entry.oid
    }

    /// Bytes of a blob, without reading it.
    func blobSize(_ oid: git_oid, _ operation: String) throws(GitError) -> Int {
        let (size, type) = try header(of: oid, operation)
        guard type == GIT_OBJECT_BLOB else {
            throw GitError(.corrupt, operation: operation, message: "the object is not a blob")
        }
        return size
    }

    /// Reads a blob, whose size the caller has checked. It goes by libgit2's cache: a blob is read once.
    func blob(_ oid: git_oid, _ operation: String) throws(GitError) -> [UInt8] {
        var oid = oid
        let object = try Handle(operation, free: git_odb_object_free) { git_odb_read(&$0, objects.pointer, &oid) }
        return [UInt8](
            UnsafeRawBufferPointer(
                start: git_odb_object_data(object.pointer), count: git_odb_object_size(object.pointer)))
    }
}
