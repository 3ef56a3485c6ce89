/// Rows for people: columns as wide as their widest cell, a head, no lines.
public struct Table: Sendable {
    private var rows: [[String]]

    public init(columns: [String]) {
        rows = [columns]
    }

    public mutating func add(_ cells: [String]) {
        rows.append(cells)
    }

    public func render() -> String {
        let widths = rows[0].indices.map { column in
            rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }
            var line = cells.joined(separator: "   ")
            while line.hasSuffix(" ") { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
