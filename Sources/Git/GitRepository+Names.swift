internal import CLibgit2

extension GitRepository {
    /// Names of what a folder holds, itself, at a commit. Names that are not UTF-8 are repaired.
    ///
    /// - Parameter folder: with `/` between its parts; empty for the top.
    /// - Throws: `notFound`, `notACommit`, `notAFolder` and `invalidName` for the commit and the folder.
    public func names(in folder: String = "", at commit: ObjectID) throws(GitError) -> Set<String> {
        let tree = try repository.folder(
            at: folder, in: repository.tree(ofCommit: commit), "list \(folder.debugDescription) at \(commit)")
        let handle = try repository.tree(tree)
        let limit = ExportLimits.default.entries
        guard git_tree_entrycount(handle.pointer) <= limit else {
            throw GitError(
                .tooLarge, operation: "list \(folder.debugDescription) at \(commit)",
                message: "more than \(limit) files and folders")
        }
        var names: Set<String> = []
        for index in 0..<git_tree_entrycount(handle.pointer) {
            if let entry = TreeEntry(handle, at: index) { names.insert(String(decoding: entry.name, as: UTF8.self)) }
        }
        return names
    }
}
