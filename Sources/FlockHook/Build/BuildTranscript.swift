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
    private static let lineLimit = 2000

    init(mark: String) {
        self.mark = mark
    }

    /// - Returns: lines that are complete now.
    mutating func take(_ chunk: FileChunk) -> [String] {
        // The file was rotated: what comes now is at its end.
        if chunk.offset < offset { offset = chunk.offset }
        // A piece may end within a character, but not a line.
        guard let end = chunk.data.lastIndex(of: "\n") else {
            // A line without an end is not waited for for ever.
            if chunk.data.utf8.count >= 32 << 10 { offset += chunk.data.utf8.count }
            return []
        }
        let complete = chunk.data[...end]
        offset = chunk.offset + complete.utf8.count
        var lines: [String] = []
        for line in complete.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
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
