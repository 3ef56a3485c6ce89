import Crypto

/// The first characters of lower-case base32 of SHA-256: enough to keep two names apart in a label.
enum ShortHash {
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")

    /// - Parameter length: at most 8 characters, 40 bits.
    static func of(_ text: String, length: Int) -> String {
        var bits: UInt64 = 0
        for byte in SHA256.hash(data: Array(text.utf8)).prefix(5) { bits = bits << 8 | UInt64(byte) }
        return String((0..<length).map { alphabet[Int(bits >> (35 - 5 * UInt64($0)) & 31)] })
    }
}
