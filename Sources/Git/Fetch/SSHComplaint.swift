/// What ssh, or the program it started on the server, has said on its standard error.
struct SSHComplaint {
    let text: String

    init(_ text: String) {
        self.text = GitError.printable(text)
    }

    /// The reason for an answer that ended too early; other errors stay what they are.
    func explain(_ error: GitError, at url: RemoteURL) -> GitError {
        guard error.code == .fetchFailed, !text.isEmpty else { return error }
        let (code, hint) = kind
        return GitError(code, operation: "fetch \(url)", message: text, hint: hint)
    }

    private var kind: (GitError.Code, hint: String?) {
        func says(_ words: String...) -> Bool { words.contains { text.contains($0) } }
        if says("Host key verification failed", "No matching host key", "HOST IDENTIFICATION HAS CHANGED") {
            return (.hostKey, "do not go on before you know why the server shows another key; then change hostKeys")
        }
        if says("UNPROTECTED PRIVATE KEY FILE", "bad permissions") {
            return (.authentication, "only its owner may read the key: chmod 600")
        }
        if says("Permission denied", "Load key", "Too many authentication failures") {
            return (.authentication, "add the key's public half to the repository's deploy keys")
        }
        if says("Connection refused", "Connection timed out", "No route to host", "Network is unreachable") {
            return (.unreachable, nil)
        }
        if says("not found", "does not appear to be a git repository", "does not exist") {
            return (.repositoryNotFound, "check the URL, and that the key may read the repository")
        }
        return (.fetchFailed, nil)
    }
}
