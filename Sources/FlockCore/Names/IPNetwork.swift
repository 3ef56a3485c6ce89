/// An IP address or a network of them: `10.0.0.0/8`, `192.0.2.7`, `2001:db8::/32`.
public struct IPNetwork: Codable, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = parts.first else { return nil }
        let isIPv6 = address.contains(":")
        guard isIPv6 ? Self.isIPv6(address) : Self.isIPv4(address) else { return nil }
        if parts.count == 2 {
            guard let bits = Int(parts[1]), String(bits) == parts[1], (0...(isIPv6 ? 128 : 32)).contains(bits) else {
                return nil
            }
        }
        description = text
    }

    /// Four numbers of 0 to 255, without zeros in front, which some read as octal.
    private static func isIPv4(_ text: Substring) -> Bool {
        let numbers = text.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4
            && numbers.allSatisfy { number in
                Int(number).map { (0...255).contains($0) && String($0) == number } ?? false
            }
    }

    /// Groups of hexadecimal digits, one `::` at most. Source: RFC 4291, 2.2; without the form that ends in IPv4.
    private static func isIPv6(_ text: Substring) -> Bool {
        let sides = text.split(separator: "::", omittingEmptySubsequences: false)
        guard sides.count <= 2 else { return false }
        let groups = sides.flatMap { $0.isEmpty ? [] : $0.split(separator: ":", omittingEmptySubsequences: false) }
        return groups.allSatisfy { (1...4).contains($0.utf8.count) && $0.allSatisfy { $0.isASCII && $0.isHexDigit } }
            && (sides.count == 2 ? groups.count <= 7 : groups.count == 8)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let network = IPNetwork(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text)\" is no network; write 10.0.0.0/8 or 2001:db8::/32")
        }
        self = network
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
