/// A host name that may stand in a routing map: `[a-z0-9._-]`, labels of 1 to 63 characters.
public struct HostName: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let text: String

    public init?(_ text: String) {
        let host = text.lowercased()
        guard (1...253).contains(host.utf8.count),
            host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy({ (1...63).contains($0.utf8.count) }
            ),
            host.unicodeScalars.allSatisfy({
                ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "-" || $0 == "_" || $0 == "."
            })
        else { return nil }
        self.text = host
    }

    public static func < (one: Self, other: Self) -> Bool { one.text < other.text }
    public var description: String { text }
}
