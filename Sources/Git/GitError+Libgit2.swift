internal import CLibgit2

extension GitError {
    /// Reads libgit2's last error, which is kept per thread: call this right after the call that returned `status`.
    init(status: Int32, operation: String) {
        // The last error is NULL after some failures, such as a callback's refusal.
        let message = git_error_last().flatMap { $0.pointee.message.map { String(cString: $0) } }
        self.init(
            Code(status: status), operation: operation, message: message ?? "libgit2 returned \(status)")
    }

    func with(code: Code, hint: String? = nil) -> GitError {
        GitError(code, operation: operation, message: message, hint: hint ?? self.hint)
    }
}

extension GitError.Code {
    fileprivate init(status: Int32) {
        switch git_error_code(status) {
        case GIT_ENOTFOUND: self = .notFound
        case GIT_EEXISTS: self = .alreadyExists
        case GIT_EINVALIDSPEC: self = .invalidName
        case GIT_EAUTH: self = .authentication
        case GIT_ECERTIFICATE: self = .certificate
        case GIT_EMISMATCH: self = .corrupt
        case GIT_EUSER: self = .cancelled
        default: self = .other
        }
    }
}

/// Throws what libgit2 says about `status` when it is negative.
func check(_ operation: String, _ status: Int32) throws(GitError) {
    guard status < 0 else { return }
    throw GitError(status: status, operation: operation)
}
