/// Reads the CSV of `show stat` and of `/stats;csv` (Management Guide, 9.1).
///
/// Columns are found by name, since each version adds some. Cells that nobody asked for are passed over as bytes:
/// 10,000 backends are megabytes, read every second.
public enum StatsCSV {
    /// Reads whole rows, keeping only some kinds.
    /// - Throws: `haproxy_missing_column` if the header lacks a column of `StatsRow` (those of connections may be
    ///   missing), `haproxy_malformed_answer` if a row is cut short or a number isn't one.
    public static func rows(
        in bytes: [UInt8], keeping kinds: Set<StatsRow.Kind> = Set(StatsRow.Kind.allCases)
    ) throws(HAProxyError) -> [StatsRow] {
        try rows(in: bytes.span, keeping: kinds)
    }

    /// The same, over bytes that somebody else keeps.
    public static func rows(
        in bytes: Span<UInt8>, keeping kinds: Set<StatsRow.Kind> = Set(StatsRow.Kind.allCases)
    ) throws(HAProxyError) -> [StatsRow] {
        var cursor = CSVCursor()
        let columns = try header(&cursor, bytes)
        let last = columns.lastIndex { $0 != nil } ?? 0
        var rows: [StatsRow] = []
        var cells = StatsCells()
        while !cursor.isAtEnd(of: bytes) {
            cells.removeAll()
            var count = 0
            var isBlank = true
            repeat {
                let cell = cursor.next(in: bytes)
                isBlank = isBlank && cell.isEmpty
                if count < columns.count, let column = columns[count] { cells[column] = cell }
                // Most rows are of servers, and most columns come after those that are read.
                if count == last || count < last && columns[count] == .type && !cells.mayBe(of: kinds, in: bytes) {
                    cursor.skipLine(in: bytes)
                }
                count += 1
            } while !cursor.isAtLineStart
            if isBlank && count == 1 { continue }
            if let row = try cells.row(of: kinds, in: bytes) { rows.append(row) }
        }
        return rows
    }

    private static func header(
        _ cursor: inout CSVCursor, _ bytes: Span<UInt8>
    ) throws(HAProxyError) -> [StatsColumn?] {
        var columns: [StatsColumn?] = []
        while !cursor.isAtEnd(of: bytes) {
            var name = cursor.next(in: bytes).text(in: bytes)
            if columns.isEmpty, name.hasPrefix("# ") { name.removeFirst(2) }
            columns.append(StatsColumn(rawValue: name))
            if cursor.isAtLineStart { break }
        }
        let present = Set(columns.compactMap { $0 })
        let missing = StatsColumn.allCases.filter { !$0.isOptional && !present.contains($0) }
        guard missing.isEmpty else {
            throw HAProxyError(
                code: .missingColumn, operation: "read statistics",
                message: "no column \(missing.map(\.rawValue).joined(separator: ", "))",
                hint: "the address must give CSV: a stats socket, or a page's address that ends in ;csv")
        }
        return columns
    }
}
