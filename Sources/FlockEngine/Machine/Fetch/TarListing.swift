import Foundation
import SystemPackage

/// What a tar archive holds that is not compressed and has nothing but files, folders and links in it, as most have.
/// It is read here, since an app that wakes waits for it, and starting programs takes longer than their work; all
/// other archives are tar(1)'s.
///
/// Nothing in an archive is believed: what is odd in any way makes the whole of it one of the others.
/// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar, tar.h.
struct TarListing: Sendable {
    struct Member: Sendable, Hashable {
        var entry: ArchiveEntry
        /// As they stand there, which need not be UTF-8.
        var path: [UInt8]
        var target: [UInt8]
        var mode: UInt32
        /// Seconds since 1970.
        var time: Int
        /// Where its content begins.
        var offset: Int
    }

    private(set) var members: [Member] = []

    /// What the next member has in place of its own header's.
    fileprivate struct Extension {
        var path: [UInt8]?
        var target: [UInt8]?
        var size: Int?
    }

    private static let block = 512
    /// Bytes of an extended header.
    private static let extensionLimit = 1 << 16
    /// An archive with more members would take too much memory.
    private static let memberLimit = 100_000

    /// - Returns: `nil` for an archive that is left to tar(1).
    /// - Throws: what reading throws.
    init?(of file: FileDescriptor) throws {
        let length = Int(try file.stat().size)
        var offset = 0
        var extended = Extension()
        while true {
            let header = try Self.read(file, at: offset, count: Self.block)
            offset += Self.block
            guard header.count == Self.block, offset <= length, members.count < Self.memberLimit else { return nil }
            if header[0] == 0, header.allSatisfy({ $0 == 0 }) { return }
            guard let fields = Fields(header) else { return nil }
            let size = extended.size ?? fields.size
            guard (0...length - offset).contains(size) else { return nil }
            if fields.isExtension {
                guard fields.size <= Self.extensionLimit else { return nil }
                let content = try Self.read(file, at: offset, count: fields.size)
                guard extended.take(fields.type, content) else { return nil }
            } else {
                guard let member = Member(fields, extended.path, extended.target, size: size, offset: offset) else {
                    return nil
                }
                members.append(member)
                extended = Extension()
            }
            offset += (size + Self.block - 1) / Self.block * Self.block
        }
    }

    private static func read(_ file: FileDescriptor, at offset: Int, count: Int) throws -> [UInt8] {
        try unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            let bytes = UnsafeMutableRawBufferPointer(buffer)
            while filled < count {
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
                let more = try unsafe file.read(fromAbsoluteOffset: Int64(offset + filled), into: rest)
                if more == 0 { return }
                filled += more
            }
        }
    }

    /// A header, whose checksum is right.
    fileprivate struct Fields {
        var type: UInt8
        var path: [UInt8]
        var target: [UInt8]
        var mode: UInt32
        var size: Int
        var time: Int

        var isExtension: Bool { "xgLK".utf8.contains(type) }

        init?(_ header: [UInt8]) {
            // Its own field counts as blanks.
            let sum = Self.sum(header) - Self.sum(Array(header[148..<156])) + 8 * 32
            guard Self.number(header[148..<156]) == sum else { return nil }
            let isPOSIX = header[257..<265].elementsEqual("ustar\u{0}00".utf8)
            guard isPOSIX || header[257..<265].elementsEqual("ustar  \u{0}".utf8),
                let mode = Self.number(header[100..<108]), let size = Self.number(header[124..<136]),
                let time = Self.number(header[136..<148])
            else { return nil }
            type = header[156]
            target = Self.text(header[157..<257])
            path = Self.text(header[0..<100])
            let prefix = isPOSIX ? Self.text(header[345..<500]) : []
            if !prefix.isEmpty { path = prefix + Array("/".utf8) + path }
            self.mode = UInt32(truncatingIfNeeded: mode)
            self.size = size
            self.time = time
        }

        private static func sum(_ bytes: [UInt8]) -> Int {
            unsafe bytes.withUnsafeBytes { bytes in
                var sum = 0
                for index in 0..<bytes.count { sum += unsafe Int(bytes[index]) }
                return sum
            }
        }

        private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

        /// Octal digits, with blanks around them.
        private static func number(_ field: ArraySlice<UInt8>) -> Int? {
            var value = 0
            let digits = field.drop { $0 == 32 }.prefix { $0 != 32 && $0 != 0 }
            for digit in digits {
                guard (48...55).contains(digit) else { return nil }
                value = value << 3 | Int(digit - 48)
            }
            return value
        }
    }
}

extension TarListing.Extension {
    /// - Returns: whether all of it was understood.
    fileprivate mutating func take(_ type: UInt8, _ content: [UInt8]) -> Bool {
        switch type {
        case UInt8(ascii: "L"):
            path = Array(content.prefix { $0 != 0 })
            return true
        case UInt8(ascii: "K"):
            target = Array(content.prefix { $0 != 0 })
            return true
        default: return takeRecords(content[...], isGlobal: type == UInt8(ascii: "g"))
        }
    }

    /// Records such as `18 path=some/file\n`.
    private mutating func takeRecords(_ content: ArraySlice<UInt8>, isGlobal: Bool) -> Bool {
        var rest = content
        while !rest.isEmpty {
            guard let blank = rest.firstIndex(of: 32),
                let length = Int(String(decoding: rest[..<blank], as: UTF8.self)), length > 0, length <= rest.count
            else { return false }
            let record = rest.prefix(length)
            rest = rest.dropFirst(length)
            guard record.last == 10, blank + 1 < record.endIndex else { return false }
            let words = record[(blank + 1)..<(record.endIndex - 1)]
            guard let equals = words.firstIndex(of: UInt8(ascii: "=")) else { return false }
            let value = Array(words[(equals + 1)...])
            switch (String(decoding: words[..<equals], as: UTF8.self), isGlobal) {
            case ("comment", _), ("mtime", false), ("atime", false), ("ctime", false), ("uid", false), ("gid", false),
                ("uname", false), ("gname", false):
                break
            case ("path", false): path = value
            case ("linkpath", false): target = value
            case ("size", false):
                guard let number = Int(String(decoding: value, as: UTF8.self)), number >= 0 else { return false }
                size = number
            default: return false
            }
        }
        return true
    }
}

extension TarListing.Member {
    fileprivate init?(
        _ fields: TarListing.Fields, _ path: [UInt8]?, _ target: [UInt8]?, size: Int, offset: Int
    ) {
        self.path = path ?? fields.path
        self.target = target ?? fields.target
        let kind: Character
        switch fields.type {
        case UInt8(ascii: "0"), 0: kind = "-"
        case UInt8(ascii: "2"): kind = "l"
        case UInt8(ascii: "5"): kind = "d"
        default: return nil
        }
        // A file with a slash at its end is a folder to some.
        guard !self.path.isEmpty, !self.path.contains(0), !self.target.contains(0), kind == "-" || size == 0,
            kind != "-" || self.path.last != UInt8(ascii: "/")
        else { return nil }
        // With one, a link of that name would be followed.
        while self.path.count > 1, self.path.last == UInt8(ascii: "/") { self.path.removeLast() }
        entry = ArchiveEntry(kind: kind, size: size, path: String(decoding: self.path, as: UTF8.self))
        mode = fields.mode & 0o777
        time = fields.time
        self.offset = offset
    }
}
