internal import CLibgit2
internal import Foundation

extension GitRepository {
    /// Creates an empty bare repository, and the folders on the way to it. It has no hooks and no template.
    ///
    /// It appears under its name when it is complete, so of two that create it at once one succeeds, and the other never
    /// meets half a repository.
    ///
    /// - Parameter initialBranch: what `HEAD` names until a first push.
    /// - Throws: `alreadyExists` if there is anything but an empty folder, `invalidName`, `fileSystem`.
    public static func createBare(at path: String, initialBranch: String = "main") throws(GitError) {
        let branch = try BranchName(initialBranch).name
        let operation = "create a repository at \(path)"
        var options = git_repository_init_options()
        try check(
            operation, git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION)))
        options.flags =
            GIT_REPOSITORY_INIT_BARE.rawValue | GIT_REPOSITORY_INIT_NO_REINIT.rawValue
            | GIT_REPOSITORY_INIT_MKDIR.rawValue | GIT_REPOSITORY_INIT_MKPATH.rawValue
        let destination = URL(filePath: path)
        let temporary = destination.deletingLastPathComponent().appending(path: ".\(UUID().uuidString).partial").path
        // There is nothing to delete once it has its name.
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        _ = try Handle(operation, free: git_repository_free) { made in
            branch.withCString { name in
                options.initial_head = name
                return git_repository_init_ext(&made, temporary, &options)
            }
        }
        guard rename(temporary, destination.path) != 0 else { return }
        let cause = errno
        throw GitError(
            [EEXIST, ENOTEMPTY, ENOTDIR].contains(cause) ? .alreadyExists : .fileSystem, operation: operation,
            message: String(cString: strerror(cause)))
    }
}
