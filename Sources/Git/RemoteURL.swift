internal import Foundation

/// A URL that may be fetched from: https, or http where the caller says so. Everything else that libgit2 understands,
/// such as a local path or `git://`, is refused.
struct RemoteURL {
    let text: String
    /// For messages: without user name and password.
    let display: String

    init(_ text: String, allowInsecure: Bool) throws(GitError) {
        let operation = "fetch"
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), var parts = URLComponents(string: text),
            let scheme = parts.scheme?.lowercased(), let host = parts.host, !host.isEmpty
        else {
            throw GitError(.unsafeURL, operation: operation, message: "not a URL with a host")
        }
        guard scheme == "https" || (allowInsecure && scheme == "http") else {
            throw GitError(
                .unsafeURL, operation: operation, message: "the scheme \(scheme) is not allowed",
                hint: "give an https URL")
        }
        self.text = text
        parts.user = nil
        parts.password = nil
        display = parts.string ?? "\(scheme)://\(host)"
    }

    /// libgit2 puts the URL as it was given into some of its messages.
    func redacted(_ error: GitError) -> GitError {
        GitError(
            error.code, operation: error.operation,
            message: error.message.replacingOccurrences(of: text, with: display), hint: error.hint)
    }
}
