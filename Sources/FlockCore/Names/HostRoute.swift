/// Where an app answers besides its own names: a host, or a path of one and all below it: `shop.example.org`,
/// `example.org/shop`.
public struct HostRoute: Sendable, Hashable, CustomStringConvertible {
    public let host: HostName
    /// Such as `/shop`, without a slash at its end; `nil` for the whole host.
    public let path: String?

    /// - Parameter text: a path of segments of `A-Z a-z 0-9 . _ ~ -`, at most 200 bytes, none of them `.` or `..`.
    public init?(_ text: String) {
        let slash = text.firstIndex(of: "/") ?? text.endIndex
        guard let host = HostName(String(text[..<slash])) else { return nil }
        self.host = host
        let rest = text[slash...]
        guard rest.utf8.count > 1 else {
            path = nil
            return
        }
        guard rest.utf8.count <= 200,
            rest.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy(Self.isSegment)
        else { return nil }
        path = String(rest)
    }

    private static func isSegment(_ text: Substring) -> Bool {
        !text.isEmpty && text != "." && text != ".."
            && text.unicodeScalars.allSatisfy {
                ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
                    || [".", "_", "~", "-"].contains($0)
            }
    }

    public var description: String { host.text + (path ?? "") }
}
