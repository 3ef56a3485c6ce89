internal import CLibgit2

/// Takes a pack as it comes, checks it, completes it where it is thin, and puts it into a repository in one step. It
/// works on a thread of its own, and whoever waits for it asks the server for no more.
actor PackIndexer {
    /// What libgit2 calls back with.
    private final class Watch {
        let objectLimit: Int
        var isOverLimit = false

        init(objectLimit: Int) {
            self.objectLimit = objectLimit
        }
    }

    private let repository: Repository
    private let indexer: Handle
    private let watch: Watch
    /// libgit2 goes by it from call to call.
    private var progress = git_indexer_progress()
    private let executor = QueueExecutor(label: "git indexer")

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    init(into path: String, objectLimit: Int) throws(GitError) {
        let operation = "fetch"
        let repository = try Repository(bareAt: path)
        let watch = Watch(objectLimit: objectLimit)
        var options = git_indexer_options()
        try check(operation, git_indexer_options_init(&options, UInt32(GIT_INDEXER_OPTIONS_VERSION)))
        // Not retained: the actor holds it as long as the indexer.
        options.progress_cb_payload = Unmanaged.passUnretained(watch).toOpaque()
        options.progress_cb = { progress, payload in
            guard let progress, let payload else { return 0 }
            let watch = Unmanaged<Watch>.fromOpaque(payload).takeUnretainedValue()
            watch.isOverLimit = progress.pointee.total_objects > watch.objectLimit
            return watch.isOverLimit || Task.isCancelled ? GIT_EUSER.rawValue : 0
        }
        let objects = repository.objects.pointer
        indexer = try Handle(operation, free: git_indexer_free) {
            git_indexer_new(&$0, "\(path)/objects/pack", 0o400, objects, &options)
        }
        self.repository = repository
        self.watch = watch
    }

    func append(_ bytes: [UInt8]) throws(GitError) {
        try explaining(git_indexer_append(indexer.pointer, bytes, bytes.count, &progress))
    }

    /// - Throws: `corrupt` if the pack is damaged or lacks something.
    func commit() throws(GitError) {
        try explaining(git_indexer_commit(indexer.pointer, &progress))
    }

    private func explaining(_ status: Int32) throws(GitError) {
        do {
            try check("fetch", status)
        } catch {
            if watch.isOverLimit {
                throw GitError(
                    .tooLarge, operation: "fetch", message: "the pack has more than \(watch.objectLimit) objects")
            }
            if error.code == .cancelled { throw error }
            // libgit2 has no code for an object beyond `Libgit2.objectSizeLimit`.
            throw error.with(code: error.message.contains("overly large") ? .tooLarge : .corrupt)
        }
    }
}
