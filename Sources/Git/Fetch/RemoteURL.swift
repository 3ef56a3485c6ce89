internal import Foundation

/// Where a repository is fetched from: `https://HOST/PATH`, `http://HOST/PATH`, `ssh://USER@HOST/PATH` or
/// `USER@HOST:PATH`. Everything else that git understands, such as a path of this machine or `git://`, is refused, and
/// so is a password in it: a URL is shown and logged.
public struct RemoteURL: Sendable, Hashable, CustomStringConvertible {
    public enum Scheme: String, Sendable {
        case https, http, ssh
    }

    public let scheme: Scheme
    /// Who logs in over ssh; `git` where the URL names nobody.
    public let user: String
    /// In lower case, an IPv6 address without its brackets.
    public let host: String
    public let port: Int
    /// For http as it goes into the request, without a slash at its end; for ssh what the server is asked for.
    public let path: String

    public var description: String {
        switch scheme {
        case .ssh: "ssh://\(user)@\(authority)/\(path.hasPrefix("/") ? String(path.dropFirst()) : path)"
        case .http, .https: "\(scheme)://\(authority)\(path)"
        }
    }

    /// - Throws: `unsafeURL`.
    public init(_ text: String) throws(GitError) {
        guard !text.isEmpty, text.utf8.count <= 2048, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Self.refused("not a URL with a host")
        }
        let parts = text.contains("://") ? URLComponents(string: text) : Self.scp(text)
        guard let parts, let host = parts.host?.lowercased(), Self.isHost(host) else {
            throw Self.refused("not a URL with a host")
        }
        guard let scheme = parts.scheme.flatMap({ Scheme(rawValue: $0.lowercased()) }) else {
            throw Self.refused("the scheme \(GitError.printable(parts.scheme ?? "")) is not allowed")
        }
        guard parts.password == nil, scheme == .ssh || parts.user == nil else {
            throw Self.refused("there are credentials in it", hint: "put the token into a file and name that instead")
        }
        guard parts.query == nil, parts.fragment == nil else { throw Self.refused("it has a query or a fragment") }
        let port = parts.port ?? (scheme == .https ? 443 : scheme == .http ? 80 : 22)
        guard (1...65535).contains(port) else { throw Self.refused("the port \(port) is out of range") }
        self.scheme = scheme
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        self.port = port
        user = parts.user ?? "git"
        if scheme == .ssh {
            guard user.first != "-", user.allSatisfy({ $0.isLetter || $0.isNumber || "._-".contains($0) }) else {
                throw Self.refused("the user's name is not one")
            }
            // `/~ada/shop` is below a home folder, and `USER@HOST:shop` below the user's own.
            let isBelowHome = !text.contains("://") || parts.path.hasPrefix("/~")
            path = isBelowHome ? String(parts.path.dropFirst()) : parts.path
        } else {
            path = parts.percentEncodedPath.replacing(#/\/+$/#, with: "")
        }
        guard !path.isEmpty, path != "/", path.first != "-" else { throw Self.refused("it names no repository") }
    }

    /// Host, and port where it is not the scheme's own.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        switch (scheme, port) {
        case (.https, 443), (.http, 80), (.ssh, 22): return name
        default: return "\(name):\(port)"
        }
    }

    func isSameOrigin(as other: RemoteURL) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    /// `USER@HOST:PATH`, as scp has it.
    private static func scp(_ text: String) -> URLComponents? {
        guard let match = text.wholeMatch(of: #/([^@:/]+)@([^@:/]+):(.+)/#) else { return nil }
        var parts = URLComponents()
        parts.scheme = "ssh"
        parts.user = String(match.1)
        parts.host = String(match.2)
        parts.path = "/" + match.3
        return parts
    }

    private static func isHost(_ host: String) -> Bool {
        if host.hasPrefix("["), host.hasSuffix("]") {
            return host.dropFirst().dropLast().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
        }
        return !host.isEmpty && host.first != "-" && host.first != "."
            && host.allSatisfy { ("a"..."z").contains($0) || ("0"..."9").contains($0) || "-.".contains($0) }
    }

    private static func refused(_ message: String, hint: String? = nil) -> GitError {
        GitError(
            .unsafeURL, operation: "fetch", message: message,
            hint: hint ?? "give an https or ssh URL, such as https://github.com/acme/shop")
    }
}
