/// Headers of the ustar format, with pax records where a value does not fit: POSIX.1-2017, `pax`, "ustar Interchange
/// Format" and "pax Header Block". Owner and group are 0 and have no names, so equal trees make equal archives.
struct TarHeader {
    enum Kind {
        case file(size: Int, executable: Bool)
        case folder
        /// A symbolic link.
        case link(target: [UInt8])
    }

    static let blockSize = 512
    /// What eleven octal digits hold.
    private static let octalLimit = 1 << 33

    let path: [UInt8]
    let kind: Kind
    /// Seconds since 1970; outside of what the format holds, the nearest it does.
    let time: Int64

    /// The header as one or, where pax records are needed, three or more blocks.
    var bytes: [UInt8] {
        var name = path
        var target: [UInt8] = []
        var size = 0
        var mode = 0o644
        let type: UInt8
        switch kind {
        case .file(let count, let executable):
            type = UInt8(ascii: "0")
            size = count
            mode = executable ? 0o755 : 0o644
        case .folder:
            type = UInt8(ascii: "5")
            name.append(UInt8(ascii: "/"))
            mode = 0o755
        case .link(let leadsTo):
            type = UInt8(ascii: "2")
            target = leadsTo
            mode = 0o777
        }
        var records: [UInt8] = []
        if name.count > 100 { records += Self.record("path", name) }
        if target.count > 100 { records += Self.record("linkpath", target) }
        if size >= Self.octalLimit { records += Self.record("size", Array(String(size).utf8)) }

        var bytes: [UInt8] = []
        if !records.isEmpty {
            bytes += block(name: Array("pax".utf8), mode: 0o644, size: records.count, type: UInt8(ascii: "x"))
            bytes += records
            bytes += Self.padding(after: records.count)
        }
        bytes += block(name: name, mode: mode, size: size < Self.octalLimit ? size : 0, type: type, target: target)
        return bytes
    }

    /// Zeros from the end of `count` bytes of content to the next block.
    static func padding(after count: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: (blockSize - count % blockSize) % blockSize)
    }

    private func block(name: [UInt8], mode: Int, size: Int, type: UInt8, target: [UInt8] = []) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ value: some Collection<UInt8>, at offset: Int) {
            block.replaceSubrange(offset..<(offset + value.count), with: value)
        }
        func put(octal value: Int, at offset: Int, digits: Int) {
            let text = String(value, radix: 8)
            put(Array((String(repeating: "0", count: digits - text.count) + text).utf8), at: offset)
        }
        put(name.prefix(100), at: 0)
        put(octal: mode, at: 100, digits: 7)
        put(octal: 0, at: 108, digits: 7)
        put(octal: 0, at: 116, digits: 7)
        put(octal: size, at: 124, digits: 11)
        put(octal: Int(min(max(time, 0), Int64(Self.octalLimit - 1))), at: 136, digits: 11)
        put([UInt8](repeating: UInt8(ascii: " "), count: 8), at: 148)
        block[156] = type
        put(target.prefix(100), at: 157)
        put(Array("ustar\0".utf8) + Array("00".utf8), at: 257)
        put(octal: 0, at: 329, digits: 7)
        put(octal: 0, at: 337, digits: 7)
        // The sum is taken with the checksum's own field full of spaces.
        let sum = block.reduce(0) { $0 + Int($1) }
        put(octal: sum, at: 148, digits: 6)
        block[154] = 0
        return block
    }

    /// `LENGTH KEY=VALUE\n`, where the length counts its own digits.
    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
        var length = rest.count
        while length != rest.count + String(length).utf8.count { length = rest.count + String(length).utf8.count }
        return Array(String(length).utf8) + rest
    }
}
