internal import NIOCore

/// An IPv4 or IPv6 address with a port of 1 to 65535.
///
/// Only literals: `set server … addr` doesn't resolve names (Management Guide, 9.3).
public struct AddressToken: Hashable, Sendable, CustomStringConvertible {
    /// The address as the system prints it, without brackets: equal addresses have equal text.
    public let ip: String
    public let port: Int
    public let isIPv6: Bool

    /// Fails unless `ip` is an IPv4 or IPv6 literal (no zone, no brackets) and the port is in range.
    public init?(ip: String, port: Int) {
        // The C parser underneath stops at NUL, so the alphabet is checked before it.
        guard (1...65535).contains(port), ip.utf8.count <= 45,
            ip.utf8.allSatisfy({ $0.isHexDigit || $0.isOne(of: ".:") }),
            let address = try? SocketAddress(ipAddress: ip, port: port), let canonical = address.ipAddress
        else { return nil }
        self.ip = canonical
        self.port = port
        self.isIPv6 = canonical.utf8.contains(UInt8(ascii: ":"))
    }

    /// Reads `127.0.0.1:80` or `[::1]:80`.
    public init?(_ text: String) {
        guard let colon = text.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        let digits = text.utf8[text.utf8.index(after: colon)...]
        guard (1...5).contains(digits.count), digits.allSatisfy(\.isDigit),
            let port = Int(String(Substring(digits)))
        else { return nil }
        let host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let ip = isBracketed ? String(host.dropFirst().dropLast()) : String(host)
        guard ip.utf8.contains(UInt8(ascii: ":")) == isBracketed else { return nil }
        self.init(ip: ip, port: port)
    }

    public var description: String { isIPv6 ? "[\(ip)]:\(port)" : "\(ip):\(port)" }
}
