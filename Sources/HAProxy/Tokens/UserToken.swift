/// The name of a user of a `userlist`: 1 to 64 of `A-Z a-z 0-9 . _ @ -`.
public struct UserToken: HAProxyToken {
    public let rawValue: String

    public init?(rawValue: String) {
        let bytes = rawValue.utf8
        guard (1...64).contains(bytes.count), bytes.allSatisfy({ $0.isAlphanumeric || $0.isOne(of: "._@-") }) else {
            return nil
        }
        self.rawValue = rawValue
    }
}

/// The hash of a user's password, of the alphabet of crypt(5), which also has `$` between its parts.
///
/// Stands between single quotes in the configuration, where `$` means nothing (Configuration Manual, 2.2).
public struct PasswordHashToken: HAProxyToken {
    public let rawValue: String

    public init?(rawValue: String) {
        let bytes = rawValue.utf8
        guard (4...300).contains(bytes.count), bytes.first == UInt8(ascii: "$"),
            bytes.allSatisfy({ $0.isAlphanumeric || $0.isOne(of: "$./=,") })
        else { return nil }
        self.rawValue = rawValue
    }
}
