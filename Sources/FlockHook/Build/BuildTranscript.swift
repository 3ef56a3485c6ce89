import Marathon

/// What a build prints, put together from pieces of its output.
struct BuildTranscript: Sendable, Hashable {
    /// Begins the line that tells the exit status.
    let mark: String
    /// Where the next piece begins.
    private(set) var offset = 0
    /// The status, once it was told, and what ended with it.
    private(set) var exit: Int?
    private(set) var step = ""
    /// Of a line whose end has not come.
    private var rest = ""
    private static let lineLimit = 2000
    /// Bytes.
    private static let restLimit = 32 << 10

    init(mark: String) {
        self.mark = mark
    }

    /// - Parameter chunk: from ``offset``.
    /// - Returns: lines that are complete now.
    mutating func take(_ chunk: FileChunk) -> [String] {
        // The file was rotated, and begins anew.
        guard chunk.offset >= offset else {
            offset = 0
            return []
        }
        offset = chunk.end
        // By bytes: to Swift a line break of two is a character of its own.
        var parts = (rest + chunk.data).utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        rest = ""
        // A line without an end is not waited for for ever.
        if let last = parts.last, last.count < Self.restLimit {
            rest = String(Substring(last))
            parts.removeLast()
        }
        var lines: [String] = []
        for line in parts.map(Substring.init) {
            if line.hasPrefix("\(mark) ") {
                guard exit == nil else { continue }
                let words = line.dropFirst(mark.count + 1).split(separator: " ", maxSplits: 1)
                exit = words.first.flatMap { Int($0) }
                step = words.count > 1 ? Self.plain(words[1]) : ""
            } else if exit == nil {
                lines.append(Self.plain(line))
            }
        }
        return lines
    }

    /// Without what would move a terminal's cursor or change its colours.
    private static func plain(_ line: Substring) -> String {
        let text = line.replacing(#/\u{1B}\[[0-9;?]*[A-Za-z]/#, with: "")
        // A bar of progress writes its line again and again.
        let shown = text.split(separator: "\r").last ?? ""
        return String(
            String.UnicodeScalarView(shown.unicodeScalars.filter { $0 == "\t" || $0.value >= 0x20 && $0.value != 0x7F })
                .prefix(lineLimit))
    }
}
