import Foundation

/// A member of an archive, as tar or zipinfo list it, and whether it may be unpacked.
struct ArchiveEntry: Sendable, Hashable {
    /// As `ls -l` shows it: `-` a file, `d` a folder, `l` a link, `h` a hard link; others are devices and the like.
    var kind: Character
    /// Bytes.
    var size: Int
    var path: String
    /// Of a hard link: the other member that it is the same as.
    var linked = ""

    init(kind: Character, size: Int, path: String) {
        self.kind = kind
        self.size = size
        self.path = path
    }

    /// - Parameter line: of `tar --list --verbose --numeric-owner`: mode, owner, size, date, time, name.
    init?(tarLine line: Substring) {
        let words = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
        guard words.count == 6, let kind = words[0].first else { return nil }
        self.kind = kind
        // A device has its numbers there.
        size = Int(words[2]) ?? 0
        var name = words[5]
        if kind == "l", let arrow = name.range(of: " -> ") { name = name[..<arrow.lowerBound] }
        if kind == "h", let arrow = name.range(of: " link to ") {
            linked = String(name[arrow.upperBound...])
            name = name[..<arrow.lowerBound]
        }
        path = String(name)
    }

    /// - Parameter line: of `unzip -Z`: mode, version, system, size, text, method, date, time, name.
    init?(zipLine line: Substring) {
        let words = line.split(separator: " ", maxSplits: 8, omittingEmptySubsequences: true)
        guard words.count == 9, let kind = words[0].first, let size = Int(words[3]) else { return nil }
        // Archives from elsewhere than Unix show letters of their own.
        self.kind = "dl-".contains(kind) || "cbps".contains(kind) ? kind : "-"
        self.size = size
        path = String(words[8])
    }

    /// Why it may not be unpacked, if so.
    var refusal: String? {
        guard "-dlh".contains(kind) else { return "holds \(path), which is no file, folder or link" }
        for path in [path, linked] where path.hasPrefix("/") || path.split(separator: "/").contains("..") {
            return "holds \(path), which leads out of the sandbox"
        }
        return nil
    }
}
