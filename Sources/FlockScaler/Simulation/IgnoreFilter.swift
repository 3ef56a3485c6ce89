import FlockCore

/// Which requests of an access log neither wake an app nor keep it awake.
struct IgnoreFilter: Sendable {
    private let userAgents: [[String]]
    private let paths: [[String]]

    init(_ ignore: Settings.Ignore) {
        userAgents = ignore.userAgents.map { Self.parts($0.text.lowercased()) }
        paths = ignore.paths.map { Self.parts($0.text) }
    }

    func ignores(path: String, userAgent: String) -> Bool {
        let userAgent = userAgent.lowercased()
        let path = String(path.prefix { $0 != "?" })
        return userAgents.contains { Self.fits(userAgent, $0) } || paths.contains { Self.fits(path, $0) }
    }

    private static func parts(_ pattern: String) -> [String] {
        pattern.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
    }

    /// - Parameter parts: what stands between the stars.
    private static func fits(_ text: String, _ parts: [String]) -> Bool {
        guard parts.count > 1 else { return text == parts[0] }
        guard text.hasPrefix(parts[0]) else { return false }
        var rest = text.dropFirst(parts[0].count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let range = rest.firstRange(of: part) else { return false }
            rest = rest[range.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }
}
