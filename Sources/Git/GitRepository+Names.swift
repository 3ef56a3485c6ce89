internal import CLibgit2

extension GitRepository {
    /// Names of what a folder holds, itself, at a commit; nil if there is no such folder. Names that are not UTF-8 are
    /// repaired.
    ///
    /// - Parameter folder: with `/` between its parts; empty for the top.
    /// - Throws: `invalidName`, and `notFound` or `notACommit` for the commit.
    public func names(in folder: String = "", at commit: ObjectID) throws(GitError) -> Set<String>? {
        var tree = try repository.tree(ofCommit: commit)
        for part in folder.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        where !folder.isEmpty {
            guard EntryName.refusal(of: Array(part.utf8)) == nil else {
                throw GitError(
                    .invalidName, operation: "list \(folder.debugDescription)",
                    message: "not a path inside a repository")
            }
            guard let entry = TreeEntry(try repository.tree(tree), named: part), entry.kind == .folder else {
                return nil
            }
            tree = entry.oid
        }
        let handle = try repository.tree(tree)
        var names: Set<String> = []
        for index in 0..<git_tree_entrycount(handle.pointer) {
            if let entry = TreeEntry(handle, at: index) { names.insert(String(decoding: entry.name, as: UTF8.self)) }
        }
        return names
    }
}
