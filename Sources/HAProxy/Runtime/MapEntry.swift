/// An entry of `show map` (Management Guide, 9.3).
public struct MapEntry: Hashable, Sendable {
    public var key: String
    public var value: String

    public init(key: String, value: String) {
        self.key = key
        self.value = value
    }

    /// Reads lines of the form `0x55… key value`.
    /// - Throws: `haproxy_malformed_answer`.
    public static func entries(in text: String) throws(HAProxyError) -> [MapEntry] {
        var entries: [MapEntry] = []
        for line in text.split(separator: "\n") {
            let cells = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            guard cells.count == 3, cells[0].hasPrefix("0x") else {
                throw HAProxyError(code: .malformedAnswer, operation: "show map", message: String(line))
            }
            entries.append(MapEntry(key: String(cells[1]), value: String(cells[2])))
        }
        return entries
    }
}
