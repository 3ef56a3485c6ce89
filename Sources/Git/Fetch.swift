internal import CLibgit2
internal import Synchronization

/// One branch from a server into a bare repository. `run` blocks, for ever if the server stalls.
struct Fetch {
    /// libgit2 does not wait for another's lock on a branch, it fails. Moving one takes about a millisecond.
    private static let moving = Mutex(())

    let url: RemoteURL
    let branch: BranchName
    let path: String
    let outcome: FetchOutcome

    private var operation: String { "fetch \(branch.name) from \(url.display)" }

    func run() -> FetchOutcome.Outcome {
        do {
            return .success(try fetched())
        } catch {
            return .failure(url.redacted(error.code == .other ? error.with(code: .fetchFailed) : error))
        }
    }

    private func fetched() throws(GitError) -> ObjectID {
        let repository = try openOrCreate()
        let remote = try remote(for: repository)
        try connect(remote)
        defer { git_remote_disconnect(remote.pointer) }
        let tip = try advertisedTip(remote)
        try download(remote)
        // Nobody waits any more, and another fetch may have begun: leave the branch alone.
        guard !outcome.isSettled else {
            throw GitError(.cancelled, operation: operation, message: "the fetch was given up")
        }
        _ = try repository.commit(tip)
        try Self.moving.withLock { _ throws(GitError) in try moveBranch(to: tip, in: repository) }
        return tip
    }

    private func moveBranch(to tip: ObjectID, in repository: borrowing Repository) throws(GitError) {
        var oid = tip.oid
        _ = try Handle(operation, free: git_reference_free) {
            git_reference_create(&$0, repository.handle.pointer, branch.reference, &oid, 1, "fetch")
        }
    }

    private func openOrCreate() throws(GitError) -> Repository {
        do {
            return try Repository(bareAt: path)
        } catch {
            guard error.code == .notARepository else { throw error }
        }
        do {
            try GitRepository.createBare(at: path, initialBranch: branch.name)
        } catch {
            // Another fetch created it meanwhile.
            guard error.code == .alreadyExists else { throw error }
        }
        return try Repository(bareAt: path)
    }

    /// A remote that is in no configuration, and whose URL no configuration rewrites.
    private func remote(for repository: borrowing Repository) throws(GitError) -> Handle {
        var options = git_remote_create_options()
        try check(operation, git_remote_create_options_init(&options, UInt32(GIT_REMOTE_CREATE_OPTIONS_VERSION)))
        options.repository = repository.handle.pointer
        options.flags =
            GIT_REMOTE_CREATE_SKIP_INSTEADOF.rawValue | GIT_REMOTE_CREATE_SKIP_DEFAULT_FETCHSPEC.rawValue
        return try Handle(operation, free: git_remote_free) {
            git_remote_create_with_opts(&$0, url.text, &options)
        }
    }

    private func connect(_ remote: borrowing Handle) throws(GitError) {
        var options = git_remote_connect_options()
        try check(operation, git_remote_connect_options_init(&options, UInt32(GIT_REMOTE_CONNECT_OPTIONS_VERSION)))
        // A redirect may lead to an address that only this machine can reach.
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        try check(operation, git_remote_connect_ext(remote.pointer, GIT_DIRECTION_FETCH, &options))
    }

    /// Where the server says the branch ends. A download of a branch that is not there would succeed and do nothing.
    private func advertisedTip(_ remote: borrowing Handle) throws(GitError) -> ObjectID {
        var heads: UnsafeMutablePointer<UnsafePointer<git_remote_head>?>?
        var count = 0
        try check(operation, git_remote_ls(&heads, &count, remote.pointer))
        for head in UnsafeBufferPointer(start: heads, count: count) {
            guard let head, let name = head.pointee.name, String(cString: name) == branch.reference else { continue }
            return ObjectID(head.pointee.oid)
        }
        throw GitError(
            .notFound, operation: operation, message: "the server has no such branch",
            hint: "push the branch, or correct its name")
    }

    private func download(_ remote: borrowing Handle) throws(GitError) {
        var options = git_fetch_options()
        try check(operation, git_fetch_options_init(&options, UInt32(GIT_FETCH_OPTIONS_VERSION)))
        options.follow_redirects = GIT_REMOTE_REDIRECT_NONE
        options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE
        options.update_fetchhead = 0
        // Not retained: `outcome` outlives the call, for `self` holds it.
        options.callbacks.payload = Unmanaged.passUnretained(outcome).toOpaque()
        options.callbacks.transfer_progress = { progress, payload in
            guard let progress, let payload else { return 0 }
            let outcome = Unmanaged<FetchOutcome>.fromOpaque(payload).takeUnretainedValue()
            if progress.pointee.received_bytes > outcome.byteLimit {
                outcome.settle(
                    .failure(
                        GitError(
                            .tooLarge, operation: "fetch",
                            message: "the server sent more than \(outcome.byteLimit) bytes")))
            }
            return outcome.isSettled ? GIT_EUSER.rawValue : 0
        }
        let status = "+\(branch.reference):\(branch.reference)".withCString { spec in
            var text: UnsafeMutablePointer<CChar>? = UnsafeMutablePointer(mutating: spec)
            return withUnsafeMutablePointer(to: &text) { strings in
                var specs = git_strarray(strings: strings, count: 1)
                return git_remote_download(remote.pointer, &specs, &options)
            }
        }
        try check(operation, status)
    }
}
