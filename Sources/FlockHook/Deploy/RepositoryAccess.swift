import FlockCore
import Foundation
import Git

/// How a repository on another machine may be reached, by the settings.
struct RepositoryAccess: Sendable, Hashable {
    private var tokenFile: String?
    private var keyFile: String?
    private var hostKeys: [String] = []
    private var authorityFile: String?
    private var allowed: [Settings.Repository.Allowance] = []

    init() {}

    init(_ repository: Settings.Repository, authority: Settings.SecretFile) {
        tokenFile = repository.token?.file
        keyFile = repository.key?.file
        hostKeys = repository.hostKeys.map(\.fingerprint)
        authorityFile = authority.file.isEmpty ? nil : authority.file
        allowed = repository.allow
    }

    /// Reads the token each time, so that a new one holds at once.
    ///
    /// - Throws: ``DeployFailure``, `GitError`.
    func remote(at url: String) throws -> Remote {
        var token: String?
        if let tokenFile {
            let text = try? String(contentsOfFile: tokenFile, encoding: .utf8)
            token = text?.trimmingCharacters(in: .whitespacesAndNewlines)
            guard token?.isEmpty == false else {
                throw DeployFailure(code: "token_unreadable", message: "\(tokenFile) holds no token for \(url)")
            }
        }
        return try Remote(
            RemoteURL(url), token: token, keyFile: keyFile, hostKeys: hostKeys.compactMap(HostKeyFingerprint.init),
            authorities: authorityFile, allowsHTTP: allowed.contains(.http),
            allowsPrivateAddresses: allowed.contains(.privateAddresses))
    }
}
