/// The SHA-256 fingerprint of an ssh server's key, as `ssh-keygen -l` shows it: `SHA256:` and 43 letters of base64.
public struct HostKeyFingerprint: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init?(_ text: String) {
        guard text.wholeMatch(of: #/SHA256:[A-Za-z0-9+/]{43}/#) != nil else { return nil }
        description = text
    }

    /// What the operators of well-known hosts publish; others have to be given.
    ///
    /// Source: https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/githubs-ssh-key-fingerprints
    static func published(for host: String) -> [HostKeyFingerprint] {
        guard host == "github.com" || host == "ssh.github.com" else { return [] }
        return [
            "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU", "SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM",
            "SHA256:uNiVztksCsDhcc0u9e8BujQXVUpKZIDTMczCvj3tD2s",
        ].compactMap(HostKeyFingerprint.init)
    }
}
