/// A program's name as it stands in host names and Marathon ids: `[a-z0-9]` and single hyphens, at most 40.
public struct Slug: Sendable, Hashable, CustomStringConvertible {
    public let text: String

    /// What Marathon, DNS or Flock itself uses for something else.
    static let reserved: Set<String> = [
        "restart", "tasks", "versions", "www", "api", "admin", "flock", "hook", "preview", "stats", "health",
        "metrics", "localhost",
    ]

    /// - Parameter name: the `name` of package.json, scope included.
    public init(packageName name: String) throws(NameError) {
        guard !name.allSatisfy(\.isWhitespace) else {
            throw NameError(code: .nameInvalid, message: "the name is empty; use letters, digits and hyphens")
        }
        guard name.utf8.count <= 214 else {
            throw NameError(code: .nameInvalid, message: "the name is longer than 214 bytes")
        }
        guard !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw NameError(code: .nameInvalid, message: "the name has control characters")
        }
        let slashes = name.count(where: { $0 == "/" })
        guard slashes == 0 || (slashes == 1 && name.hasPrefix("@")) else {
            throw NameError(
                code: .nameInvalid, message: "the name has a \"/\"; only a scope may have one, as in \"@acme/shop\"")
        }
        var slug = name.asLabel()
        if slug.isEmpty { slug = "app-" + ShortHash.of(name, length: 6) }
        if Self.reserved.contains(slug) || Self.endsLikeVersion(slug) { slug += "-app" }
        text = slug.shortened(to: 40, hashing: name)
    }

    /// A slug that was made before: from a label or a host name.
    public init?(_ text: String) {
        guard (1...40).contains(text.utf8.count), text.asLabel() == text else { return nil }
        self.text = text
    }

    /// `shop-1-0-0` would be taken for version 1.0.0 of `shop`.
    private static func endsLikeVersion(_ slug: String) -> Bool {
        let parts = slug.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count >= 3 && parts.suffix(3).allSatisfy { $0.allSatisfy(\.isNumber) }
    }

    public var description: String { text }
}
