import Foundation

/// Where a repository is, in one spelling for `https://GitHub.com/acme/shop.git`, `https://github.com/acme/shop/` and
/// `git@github.com:acme/shop`.
public struct RepositoryAddress: Sendable, Hashable {
    public let text: String

    /// - Parameter address: as settings, people and forges write it; the path of a repository on this machine is its own.
    public init(_ address: String) {
        text = Self.normal(address)
    }

    /// What a program of the repository is known under: the address, and its folder where that is not the top.
    public func program(in folder: String) -> String { folder.isEmpty ? text : "\(text)#\(folder)" }

    private static func normal(_ address: String) -> String {
        var text = address[...]
        if text.hasPrefix("file://") { text = text.dropFirst(7) }
        while text.hasSuffix("/") { text = text.dropLast() }
        if text.hasPrefix("/") { return URL(fileURLWithPath: String(text)).standardizedFileURL.path }
        if text.hasSuffix(".git") { text = text.dropLast(4) }
        if let ssh = text.wholeMatch(of: #/(?:ssh://)?[^@:/]+@([^@:/]+)(?::\d+/|[:/])/?(.+)/#) {
            return "https://\(ssh.1.lowercased())/\(ssh.2)"
        }
        guard let scheme = text.range(of: "://") else { return String(text) }
        let rest = text[scheme.upperBound...]
        let host = rest.prefix { $0 != "/" }
        return "https://" + host.lowercased() + rest.dropFirst(host.count)
    }
}
