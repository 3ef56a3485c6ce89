/// A host name in lower case: labels of 1 to 63 of `a-z 0-9 _ -` with dots between, at most 253 bytes.
///
/// No port, no trailing dot, no capitals: the caller normalises first, so that equal hosts are equal tokens.
public struct HostToken: HAProxyToken {
    public static let maximumLength = 253

    public let rawValue: String

    public init?(rawValue: String) {
        let bytes = rawValue.utf8
        guard bytes.count <= Self.maximumLength,
            bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy({ label in
                (1...63).contains(label.count)
                    && label.allSatisfy { $0.isLowerCaseLetter || $0.isDigit || $0.isOne(of: "_-") }
            })
        else { return nil }
        self.rawValue = rawValue
    }
}
