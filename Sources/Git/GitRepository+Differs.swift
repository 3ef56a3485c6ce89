internal import CLibgit2

extension GitRepository {
    /// Entries that are looked at before a difference is taken for granted.
    private static let lookLimit = 200_000

    /// Whether any file that fits one of the patterns is not the same at both commits. Folders that are the same are
    /// not looked into. When the older commit is not there any more, or there is too much to look at: yes.
    ///
    /// - Throws: `notFound` and `notACommit` for the newer commit, `cancelled`.
    public func differs(from older: ObjectID, to newer: ObjectID, in patterns: [PathGlob]) throws(GitError) -> Bool {
        let after = try repository.tree(ofCommit: newer)
        guard let before = try? repository.tree(ofCommit: older) else { return true }
        var looks = Self.lookLimit
        do throws(GitError) {
            return try differs(before, after, at: [], patterns, &looks)
        } catch {
            guard error.code != .cancelled else { throw error }
            return true
        }
    }

    private func differs(
        _ before: git_oid?, _ after: git_oid?, at folder: [UInt8], _ patterns: [PathGlob], _ looks: inout Int
    ) throws(GitError) -> Bool {
        let (old, new) = (try entries(of: before, &looks), try entries(of: after, &looks))
        guard looks > 0 else { return true }
        for name in Set(old.keys).union(new.keys) {
            let (old, new) = (old[name], new[name])
            if let old, let new, old.mode == new.mode, ObjectID(old.oid) == ObjectID(new.oid) { continue }
            let path = folder.isEmpty ? name : folder + [UInt8(ascii: "/")] + name
            let isFile = [old, new].contains { $0 != nil && $0?.kind != .folder }
            if isFile, patterns.contains(where: { $0.matches(path) }) { return true }
            let folders = [old, new].map { $0?.kind == .folder ? $0?.oid : nil }
            guard folders.contains(where: { $0 != nil }) else { continue }
            if try differs(folders[0], folders[1], at: path, patterns, &looks) { return true }
        }
        return false
    }

    private func entries(of tree: git_oid?, _ looks: inout Int) throws(GitError) -> [[UInt8]: TreeEntry] {
        try TreeListing.checkCancellation()
        guard let tree else { return [:] }
        let handle = try repository.tree(tree)
        var entries: [[UInt8]: TreeEntry] = [:]
        let count = git_tree_entrycount(handle.pointer)
        looks -= count
        guard looks > 0 else { return [:] }
        for index in 0..<count {
            if let entry = TreeEntry(handle, at: index) { entries[entry.name] = entry }
        }
        return entries
    }
}
