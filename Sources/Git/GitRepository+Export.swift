internal import CLibgit2

extension GitRepository {
    /// Writes the tree at a commit as a tar archive, not compressed: it is meant to be served on the same machine and
    /// unpacked at once.
    ///
    /// The archive is POSIX ustar with pax records. Equal commits make equal bytes: entries are in git's order, times
    /// are the commit's, owners are 0, modes are 0644 or 0755. `export-ignore` and other attributes are not honoured.
    /// The file appears under its name only when it is complete and on disk, with mode 0600; one that was there is
    /// replaced.
    ///
    /// - Parameters:
    ///   - root: the folder that is exported, with `/` between its parts; empty for all. A link may not lead out of it.
    ///   - destination: the archive's path, in a folder that exists.
    /// - Throws: `unsafeEntry` for a name, a mode or a symbolic link that could reach outside of the tree, `submodule`,
    ///   `lfsPointer`, `tooLarge`, `fileSystem`, `cancelled`, and `notFound`, `notACommit` or `notAFolder` for the commit and the root. Nothing is
    ///   left at `destination` or beside it then.
    public func export(
        _ commit: ObjectID, root: String = "", to destination: String, limits: ExportLimits = .default
    ) throws(GitError) -> ExportSummary {
        let commit = try repository.commit(commit)
        let tree = try repository.folder(at: root, in: repository.treeID(of: commit), "export")
        let listing = try TreeListing(of: tree, in: repository, limits: limits)
        var tar = try TarWriter(to: destination, time: git_commit_time(commit.pointer))
        for entry in listing.entries {
            try TreeListing.checkCancellation()
            switch entry.content {
            case .folder: try tar.add(folder: entry.path)
            case .link(let target): try tar.add(link: entry.path, target: target)
            case .file(let oid, let executable):
                let content = try repository.blob(oid, "export")
                guard !LFSPointer.matches(content) else {
                    throw TreeListing.refused(
                        .lfsPointer, entry.path, "the repository holds only a Git LFS pointer", hint: LFSPointer.hint)
                }
                try tar.add(file: entry.path, executable: executable, content: content)
            }
        }
        try tar.finish()
        return ExportSummary(files: listing.files, bytes: listing.bytes)
    }
}
