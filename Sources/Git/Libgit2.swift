internal import CLibgit2

/// The library's set-up, once in a process; it is never shut down, since another thread may be using it.
enum Libgit2 {
    private static let readiness: Result<Void, GitError> = {
        let status = git_libgit2_init()
        guard status >= 0 else { return .failure(GitError(status: status, operation: "start libgit2")) }
        // Otherwise the host's `url.*.insteadOf` would send a fetch elsewhere, even with an anonymous remote.
        for level in [
            GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL,
        ] {
            let status = flock_git_set_search_path(level, "")
            guard status >= 0 else {
                return .failure(GitError(status: status, operation: "leave out the host's git configuration"))
            }
        }
        // A fetched pack has to be on disk before a branch says that it is there.
        _ = flock_git_enable_fsync()
        _ = flock_git_set_cache_size(cacheSize)
        _ = flock_git_set_pack_max_object_size(objectSizeLimit) >= 0
        return .success(())
    }()

    /// Bytes of an object in a pack that is fetched; larger than any file that may be exported. Two that are deltas of one
    /// another are in memory at once.
    static let objectSizeLimit = 64 << 20
    /// Bytes of parsed objects, for all repositories together.
    private static let cacheSize = 16 << 20

    /// Call before any other function of libgit2.
    static func start() throws(GitError) {
        try readiness.get()
    }
}
