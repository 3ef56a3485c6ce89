internal import CLibgit2

/// All entries of a commit's tree in git's order, checked against the export's rules and limits before any content is
/// read; only links' targets are.
struct TreeListing {
    struct Entry {
        enum Content {
            case folder
            case file(git_oid, executable: Bool)
            case link(target: [UInt8])
        }

        let path: [UInt8]
        let content: Content
    }

    private static let pathLimit = 4096

    private let limits: ExportLimits
    private(set) var entries: [Entry] = []
    private(set) var bytes = 0
    private var links = LinkMap()

    init(of tree: git_oid, in repository: borrowing Repository, limits: ExportLimits) throws(GitError) {
        self.limits = limits
        try add(tree, at: [], depth: 1, repository)
        for entry in entries {
            guard case .link = entry.content else { continue }
            try Self.checkCancellation()
            guard let refusal = links.refusal(of: entry.path) else { continue }
            throw Self.refused(.unsafeEntry, entry.path, refusal)
        }
    }

    var files: Int {
        entries.count { if case .folder = $0.content { false } else { true } }
    }

    static func refused(
        _ code: GitError.Code, _ path: [UInt8], _ message: String, hint: String? = nil
    ) -> GitError {
        GitError(code, operation: "export \(display(path))", message: message, hint: hint)
    }

    static func checkCancellation() throws(GitError) {
        guard Task.isCancelled else { return }
        throw GitError(.cancelled, operation: "export", message: "the task was cancelled")
    }

    /// A path may hold anything, and an error must not put a line break into a log.
    private static func display(_ path: [UInt8]) -> String {
        String(decoding: path, as: UTF8.self).debugDescription
    }

    private mutating func add(
        _ tree: git_oid, at folder: [UInt8], depth: Int, _ repository: borrowing Repository
    ) throws(GitError) {
        guard depth <= limits.depth else {
            throw Self.refused(.tooLarge, folder, "more than \(limits.depth) folders in one another")
        }
        let tree = try repository.tree(tree)
        // Before its entries are looked at: those above it are held meanwhile, however deep it is.
        guard entries.count + git_tree_entrycount(tree.pointer) <= limits.entries else {
            throw Self.refused(.tooLarge, folder, "more than \(limits.entries) files and folders")
        }
        // A link and a folder of the same name would let a file be written through the link.
        var names = Set<[UInt8]>()
        for index in 0..<git_tree_entrycount(tree.pointer) {
            try Self.checkCancellation()
            guard let entry = TreeEntry(tree, at: index) else { continue }
            let path = folder.isEmpty ? entry.name : folder + [UInt8(ascii: "/")] + entry.name
            guard entries.count < limits.entries else {
                throw Self.refused(.tooLarge, path, "more than \(limits.entries) files and folders")
            }
            guard path.count <= Self.pathLimit else {
                throw Self.refused(.tooLarge, folder, "a path longer than \(Self.pathLimit) bytes")
            }
            if let refusal = EntryName.refusal(of: entry.name) {
                throw Self.refused(.unsafeEntry, path, refusal)
            }
            guard names.insert(entry.name).inserted else {
                throw Self.refused(.unsafeEntry, path, "two entries of the same name")
            }
            try add(entry, at: path, depth: depth, repository)
        }
    }

    private mutating func add(
        _ entry: TreeEntry, at path: [UInt8], depth: Int, _ repository: borrowing Repository
    ) throws(GitError) {
        let operation = "export \(Self.display(path))"
        switch entry.kind {
        case .folder:
            entries.append(Entry(path: path, content: .folder))
            try add(entry.oid, at: path, depth: depth + 1, repository)
        case .file(let executable):
            let size = try repository.blobSize(entry.oid, operation)
            guard size <= limits.fileBytes else {
                throw Self.refused(.tooLarge, path, "\(size) bytes, where a file may have \(limits.fileBytes)")
            }
            guard bytes + size <= limits.bytes else {
                throw Self.refused(.tooLarge, path, "more than \(limits.bytes) bytes together")
            }
            bytes += size
            entries.append(Entry(path: path, content: .file(entry.oid, executable: executable)))
        case .link:
            guard try repository.blobSize(entry.oid, operation) <= LinkMap.targetLimit else {
                throw Self.refused(.unsafeEntry, path, "a link longer than \(LinkMap.targetLimit) bytes")
            }
            let target = try repository.blob(entry.oid, operation)
            links.add(path, target: target)
            entries.append(Entry(path: path, content: .link(target: target)))
        case .submodule:
            throw Self.refused(
                .submodule, path, "a submodule, which is not exported",
                hint: "put its files into the repository, or install them as a package")
        case nil:
            throw Self.refused(.unsafeEntry, path, "the mode \(String(entry.mode, radix: 8)) is not one of git's")
        }
    }
}
