internal import CLibgit2

/// A branch's short name, such as `feature/x`, that git accepts.
struct BranchName {
    let name: String

    /// The full name, `refs/heads/feature/x`.
    var reference: String { "refs/heads/\(name)" }

    init(_ name: String) throws(GitError) {
        try Libgit2.start()
        var isValid: Int32 = 0
        // C would see only what comes before a NUL.
        let status = name.utf8.contains(0) ? 0 : git_branch_name_is_valid(&isValid, name)
        guard status == 0, isValid == 1 else {
            throw GitError(
                .invalidName, operation: "look for branch \(name.debugDescription)",
                message: "git does not allow this name", hint: "give the short name, such as main")
        }
        self.name = name
    }
}
