/// A repository on another machine, and how Flock may reach it.
public struct Remote: Sendable {
    public var url: RemoteURL
    /// Shown to an http server as the password of `x-access-token`; to no other host than the URL's.
    public var token: String?
    /// The file with the private key for ssh.
    public var keyFile: String?
    /// The keys that an ssh server may show; for github.com those that GitHub publishes, where none is given.
    public var hostKeys: [HostKeyFingerprint]
    /// PEM file with authorities whose certificates are trusted, beside the system's.
    public var authorities: String?
    /// Whether http without TLS is allowed.
    public var allowsHTTP: Bool
    /// Whether the host's name may lead to loopback, link-local and private addresses.
    public var allowsPrivateAddresses: Bool

    public init(
        _ url: RemoteURL, token: String? = nil, keyFile: String? = nil, hostKeys: [HostKeyFingerprint] = [],
        authorities: String? = nil, allowsHTTP: Bool = false,
        allowsPrivateAddresses: Bool = false
    ) {
        self.url = url
        self.token = token
        self.keyFile = keyFile
        self.hostKeys = hostKeys
        self.authorities = authorities
        self.allowsHTTP = allowsHTTP
        self.allowsPrivateAddresses = allowsPrivateAddresses
    }

    /// The references whose full names begin with `prefix`, each with the commit that it leads to.
    ///
    /// - Throws: `authentication`, `repositoryNotFound`, `certificate`, `hostKey`, `unreachable`, `unsafeRedirect`,
    ///   `unsafeAddress`, `unsafeURL`, `timedOut`,
    ///   `cancelled`, `tooLarge`, `fetchFailed`.
    public func references(
        under prefix: String = "refs/heads/", limits: FetchLimits = .default
    ) async throws(GitError) -> [Reference] {
        try await within(limits.deadline, "list \(url)") { () async throws(GitError) in
            try await connected(limits) { transport throws(GitError) in
                var download = Download(limits: limits)
                return try await download.references(under: prefix, over: &transport)
            }
        }
    }

    /// Runs `body` with a connection that ends with it.
    func connected<Value: Sendable>(
        _ limits: FetchLimits, _ body: (inout any Transport) async throws(GitError) -> Value
    ) async throws(GitError) -> Value {
        let addresses = try await HostAddresses.lookup(url.host, includingPrivate: allowsPrivateAddresses)
        switch url.scheme {
        case .http where !allowsHTTP:
            throw GitError(
                .unsafeURL, operation: "fetch \(url)", message: "http without TLS is not allowed",
                hint: "give an https URL")
        case .http, .https: return try await HTTPTransport.connected(to: self, at: addresses, limits, body)
        case .ssh: return try await SSHTransport.connected(to: self, at: addresses, limits, body)
        }
    }
}
