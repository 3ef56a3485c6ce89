/// Which names a tree entry may have. The rules are those of git's `verify_path` and `fsck` (CVE-2014-9390), so that an
/// exported tree is safe on file systems that fold names, too.
enum EntryName {
    /// Why `name` is refused, or nil if it is allowed.
    static func refusal(of name: [UInt8]) -> String? {
        guard !name.isEmpty else { return "an empty name" }
        guard name.count <= 255 else { return "a name longer than 255 bytes" }
        if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { return "the name of a parent folder" }
        for byte in name {
            switch byte {
            case UInt8(ascii: "/"), UInt8(ascii: "\\"): return "a name with a slash"
            case 0..<0x20, 0x7F: return "a name with a control character"
            default: continue
            }
        }
        return isGitFolder(name) ? "a name that can mean .git" : nil
    }

    /// Whether some file system takes `name` for `.git`: HFS+ ignores some code points, NTFS ignores dots and spaces at
    /// the end, takes `:` for the start of a stream's name, and has the short name `git~1`; both fold case.
    private static func isGitFolder(_ name: [UInt8]) -> Bool {
        var folded = String.UnicodeScalarView()
        for scalar in String(decoding: name, as: UTF8.self).unicodeScalars where !isIgnoredByHFS(scalar) {
            if scalar == ":" { break }
            folded.append(scalar)
        }
        while let last = folded.last, last == "." || last == " " { folded.removeLast() }
        let plain = String(folded).lowercased()
        return plain == ".git" || plain == "git~1"
    }

    private static func isIgnoredByHFS(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x200C...0x200F, 0x202A...0x202E, 0x206A...0x206F, 0xFEFF: true
        default: false
        }
    }
}
