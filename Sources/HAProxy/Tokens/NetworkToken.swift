/// An IPv4 or IPv6 network as `src` is held against: an address, or one with `/` and the bits that count.
public struct NetworkToken: HAProxyToken {
    public let rawValue: String

    public init?(rawValue: String) {
        let parts = rawValue.split(separator: "/", omittingEmptySubsequences: false)
        // The port is nothing here but what AddressToken asks for.
        guard (1...2).contains(parts.count), let address = AddressToken(ip: String(parts[0]), port: 1) else {
            return nil
        }
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy(\.isDigit), let bits = Int(parts[1]), bits <= (address.isIPv6 ? 128 : 32)
            else { return nil }
            self.rawValue = "\(address.ip)/\(bits)"
        } else {
            self.rawValue = address.ip
        }
    }
}
