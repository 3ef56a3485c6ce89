/// A place in a CSV in memory that moves from cell to cell.
///
/// As in RFC 4180, a quoted cell may hold commas, line ends and doubled quotes. The bytes are lent to each call, not
/// kept.
struct CSVCursor {
    private var index = 0
    /// True before the first cell and after the last of each line.
    private(set) var isAtLineStart = true

    func isAtEnd(of bytes: Span<UInt8>) -> Bool { index >= bytes.count && isAtLineStart }

    /// The next cell. At the end of the text, an empty one that ends its line.
    mutating func next(in bytes: Span<UInt8>) -> CSVCell {
        let cell = index < bytes.count && bytes[index] == UInt8(ascii: "\"") ? quoted(in: bytes) : plain(in: bytes)
        isAtLineStart = true
        if index < bytes.count {
            isAtLineStart = bytes[index] != UInt8(ascii: ",")
            index += 1
        }
        return cell
    }

    /// Passes over what is left of the line.
    mutating func skipLine(in bytes: Span<UInt8>) {
        guard !isAtLineStart else { return }
        var position = index
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
            guard bytes[position] != UInt8(ascii: "\"") else {
                // It may hold line ends.
                repeat { _ = next(in: bytes) } while !isAtLineStart
                return
            }
            position += 1
        }
        index = min(position + 1, bytes.count)
        isAtLineStart = true
    }

    private mutating func plain(in bytes: Span<UInt8>) -> CSVCell {
        let start = index
        skipToSeparator(in: bytes)
        let endsInCRLF =
            index < bytes.count && bytes[index] == UInt8(ascii: "\n") && index > start
            && bytes[index - 1] == UInt8(ascii: "\r")
        return CSVCell(start: start, end: endsInCRLF ? index - 1 : index)
    }

    private mutating func quoted(in bytes: Span<UInt8>) -> CSVCell {
        index += 1
        var cell = CSVCell(start: index, end: index)
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\"") {
                guard index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "\"") else { break }
                cell.hasDoubledQuotes = true
                index += 1
            }
            index += 1
        }
        cell.end = min(index, bytes.count)
        skipToSeparator(in: bytes)
        return cell
    }

    private mutating func skipToSeparator(in bytes: Span<UInt8>) {
        while index < bytes.count, bytes[index] != UInt8(ascii: ","), bytes[index] != UInt8(ascii: "\n") {
            index += 1
        }
    }
}
