/// The name of a frontend, backend or server: 1 to 255 of `A-Z a-z 0-9 _ . : -`.
///
/// The alphabet is that of the Configuration Manual, section 4; the length is ours, to bound a
/// command's size.
public struct HAProxyName: HAProxyToken {
    public static let maximumLength = 255

    public let rawValue: String

    public init?(rawValue: String) {
        let bytes = rawValue.utf8
        guard (1...Self.maximumLength).contains(bytes.count),
            bytes.allSatisfy({ $0.isAlphanumeric || $0.isOne(of: "_.:-") })
        else { return nil }
        self.rawValue = rawValue
    }
}
