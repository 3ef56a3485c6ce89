/// An IP address.
struct NetworkAddress: Hashable, Sendable {
    /// 4 or 16 bytes, in the network's order.
    let bytes: [UInt8]
    /// As text.
    let text: String

    /// Whether anybody on the internet would reach the same machine by it: neither loopback nor link-local, private,
    /// multicast, reserved nor for documentation, after IANA's registries of special-purpose addresses. An IPv6 address
    /// that carries an IPv4 address is as public as that one.
    var isPublic: Bool {
        bytes.count == 4 ? Self.isPublic(v4: bytes[...]) : Self.isPublic(v6: bytes)
    }

    private static func isPublic(v4 bytes: ArraySlice<UInt8>) -> Bool {
        let value = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return !special.contains { value >> (32 - $0.bits) == $0.prefix >> (32 - $0.bits) }
    }

    private static let special: [(prefix: UInt32, bits: UInt32)] = [
        (0x0000_0000, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16),
        (0xAC10_0000, 12), (0xC000_0000, 24), (0xC000_0200, 24), (0xC058_6300, 24), (0xC0A8_0000, 16),
        (0xC612_0000, 15), (0xC633_6400, 24), (0xCB00_7100, 24), (0xE000_0000, 4), (0xF000_0000, 4),
    ]

    private static func isPublic(v6 bytes: [UInt8]) -> Bool {
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10..<12].allSatisfy { $0 == 0xFF }
        let isTranslated = bytes.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0])
        if isMapped || isTranslated { return isPublic(v4: bytes[12...]) }
        if bytes.starts(with: [0x20, 0x02]) { return isPublic(v4: bytes[2..<6]) }
        // All but 2000::/3 is special, and in it 2001::/23, 2001:db8::/32 and 3fff::/20.
        return bytes[0] >> 5 == 1 && !(bytes.starts(with: [0x20, 0x01]) && bytes[2] < 2)
            && !bytes.starts(with: [0x20, 0x01, 0x0D, 0xB8]) && !bytes.starts(with: [0x3F, 0xFF])
    }
}
