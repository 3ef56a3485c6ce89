/// A row of `show table` (Management Guide, 9.3).
public struct StickTableEntry: Hashable, Sendable {
    public var key: String
    /// Until the row is forgotten; each use of the key begins that time anew.
    public var expiry: Duration
    /// By the name of what the table stores, such as `http_req_cnt`; a rate without its span.
    public var values: [String: Int]

    /// Reads `# table: …` and then `0x55…: key=/a use=0 exp=1798344 http_req_rate(30000)=1 …`.
    /// - Throws: `haproxy_malformed_answer`.
    public static func rows(in text: String) throws(HAProxyError) -> [StickTableEntry] {
        var rows: [StickTableEntry] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            var row = StickTableEntry(key: "", expiry: .zero, values: [:])
            for cell in line.split(separator: " ").dropFirst() {
                guard let equals = cell.firstIndex(of: "=") else { throw malformed(line) }
                let value = cell[cell.index(after: equals)...]
                switch cell[..<equals] {
                case "key": row.key = String(value)
                case let name:
                    guard let number = Int(value) else { throw malformed(line) }
                    if name == "exp" {
                        row.expiry = .milliseconds(number)
                    } else {
                        row.values[String(name.prefix { $0 != "(" })] = number
                    }
                }
            }
            guard !row.key.isEmpty else { throw malformed(line) }
            rows.append(row)
        }
        return rows
    }

    private static func malformed(_ line: Substring) -> HAProxyError {
        HAProxyError(code: .malformedAnswer, operation: "show table", message: String(line.prefix(200)))
    }
}
