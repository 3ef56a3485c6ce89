/// A key or a value of a map: 1 to 512 of `A-Z a-z 0-9 _ . : / @ + = ~ , -`.
///
/// Wide enough for hosts, app ids and backend names. A key can't begin with `#`, which would name an entry by its
/// address in HAProxy's memory.
public struct MapToken: HAProxyToken {
    public static let maximumLength = 512

    public let rawValue: String

    public init?(rawValue: String) {
        let bytes = rawValue.utf8
        guard (1...Self.maximumLength).contains(bytes.count),
            bytes.allSatisfy({ $0.isAlphanumeric || $0.isOne(of: "_.:/@+=~,-") })
        else { return nil }
        self.rawValue = rawValue
    }

    public init(_ host: HostToken) {
        rawValue = host.rawValue
    }

    public init(_ name: HAProxyName) {
        rawValue = name.rawValue
    }
}
