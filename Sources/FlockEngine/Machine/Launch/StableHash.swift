/// A hash that is the same in every process and release. Source: FNV-1a, 64 bits.
enum StableHash {
    static func of(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// Short enough for a name; for what few share.
    static func short(_ text: String) -> String { String(of(text) & 0xffff_ffff, radix: 36) }
}
