/// The cells of one row that are read, each by its column. Kept from row to row to spare an allocation.
struct StatsCells {
    private var cells = [CSVCell?](repeating: nil, count: StatsColumn.allCases.count)

    subscript(column: StatsColumn) -> CSVCell? {
        get { cells[column.index] }
        set { cells[column.index] = newValue }
    }

    mutating func removeAll() {
        for index in cells.indices { cells[index] = nil }
    }

    /// False once it is known that ``row(of:in:)`` will give nothing.
    func mayBe(of kinds: Set<StatsRow.Kind>, in bytes: Span<UInt8>) -> Bool {
        guard let type = self[.type]?.number(in: bytes) else { return true }
        return StatsRow.Kind(rawValue: type).map(kinds.contains) ?? false
    }

    /// The row's values; nil if its kind is not wanted, or is one that a later version added.
    func row(of kinds: Set<StatsRow.Kind>, in bytes: Span<UInt8>) throws(HAProxyError) -> StatsRow? {
        guard let type = try number(.type, bytes), let kind = StatsRow.Kind(rawValue: type), kinds.contains(kind)
        else { return nil }
        let last = try number(.lastSession, bytes) ?? -1
        return StatsRow(
            proxy: try text(.proxy, bytes), server: try text(.server, bytes), kind: kind,
            currentSessions: try number(.currentSessions, bytes) ?? 0,
            currentQueue: try number(.currentQueue, bytes) ?? 0,
            totalSessions: try number(.totalSessions, bytes) ?? 0,
            deniedRequests: try number(.deniedRequests, bytes) ?? 0, rate: try number(.rate, bytes) ?? 0,
            lastSession: last < 0 ? nil : .seconds(last),
            responseTime: .milliseconds(try number(.responseTime, bytes) ?? 0), status: try text(.status, bytes),
            usedConnections: try number(.usedConnections, bytes),
            idleConnections: try number(.idleConnections, bytes),
            activeServers: try number(.activeServers, bytes) ?? 0,
            backupServers: try number(.backupServers, bytes) ?? 0)
    }

    private func text(_ column: StatsColumn, _ bytes: Span<UInt8>) throws(HAProxyError) -> String {
        guard let cell = self[column] else { throw Self.cutShort(column) }
        return cell.text(in: bytes)
    }

    /// Nil for an empty cell, or for a column that may be missing and is.
    private func number(_ column: StatsColumn, _ bytes: Span<UInt8>) throws(HAProxyError) -> Int? {
        guard let cell = self[column] else {
            if column.isOptional { return nil }
            throw Self.cutShort(column)
        }
        if cell.isEmpty { return nil }
        guard let number = cell.number(in: bytes) else {
            throw Self.malformed("\(column.rawValue) is not a number: \(cell.text(in: bytes).prefix(40))")
        }
        return number
    }

    private static func cutShort(_ column: StatsColumn) -> HAProxyError {
        malformed("a row ends before its column \(column.rawValue)")
    }

    private static func malformed(_ message: String) -> HAProxyError {
        HAProxyError(code: .malformedAnswer, operation: "read statistics", message: message)
    }
}
