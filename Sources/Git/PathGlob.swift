/// A pattern of paths: `*` stands for any run of characters but `/`, `**` for any run, `?` for one character but `/`. A
/// pattern that ends with `/` means all that is below.
public struct PathGlob: Sendable, Hashable {
    private enum Piece: Hashable {
        var endsFolder: Bool { self == PathGlob.slash || self == .anyFolders }

        case byte(UInt8)
        case anyOne
        case anyRun
        case anyPath
        /// `**/`: nothing, or folders with the slash after them.
        case anyFolders
    }

    private let pieces: [Piece]

    /// Nil for a pattern that is empty, absolute or longer than 1,024 bytes.
    public init?(_ text: String) {
        guard !text.isEmpty, text.first != "/", text.utf8.count <= 1024 else { return nil }
        var pieces: [Piece] = []
        for byte in (text.last == "/" ? text + "**" : text).utf8 {
            switch byte {
            case UInt8(ascii: "*"):
                guard pieces.last == .anyRun || pieces.last == .anyPath else {
                    pieces.append(.anyRun)
                    continue
                }
                pieces[pieces.count - 1] = .anyPath
            case UInt8(ascii: "?"): pieces.append(.anyOne)
            case UInt8(ascii: "/") where pieces.last == .anyPath && (pieces.dropLast().last ?? Self.slash).endsFolder:
                pieces[pieces.count - 1] = .anyFolders
            default: pieces.append(.byte(byte))
            }
        }
        self.pieces = pieces
    }

    private static let slash = Piece.byte(UInt8(ascii: "/"))

    public func matches(_ path: some Collection<UInt8>) -> Bool {
        // The places in the pattern that can be reached by what was read: as many steps as bytes times pieces, whatever
        // the pattern.
        var places = reached(from: [0])
        for byte in path {
            let isSlash = byte == UInt8(ascii: "/")
            var next = Set<Int>()
            // Amid a folder's name nothing may be left out.
            var inside = Set<Int>()
            for place in places where place < pieces.count {
                switch pieces[place] {
                case .byte(let own): if own == byte { next.insert(place + 1) }
                case .anyOne: if !isSlash { next.insert(place + 1) }
                case .anyRun: if !isSlash { next.insert(place) }
                case .anyPath: next.insert(place)
                case .anyFolders:
                    inside.insert(place)
                    if isSlash { next.insert(place + 1) }
                }
            }
            places = reached(from: next).union(inside)
            if places.isEmpty { return false }
        }
        return places.contains(pieces.count)
    }

    /// Runs may be empty.
    private func reached(from places: Set<Int>) -> Set<Int> {
        var all = places
        for place in places {
            var next = place
            while next < pieces.count, [.anyRun, .anyPath, .anyFolders].contains(pieces[next]) {
                next += 1
                all.insert(next)
            }
        }
        return all
    }
}
