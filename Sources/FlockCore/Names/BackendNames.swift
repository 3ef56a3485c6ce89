/// HAProxy's names for Marathon's ids.
public enum BackendNames {
    /// `app_` and the id with every run of other characters than `[a-z0-9]` as one underscore; ids that would
    /// share a name get a hash each.
    /// - Returns: a name for every id; the same ids give the same names, in any order.
    public static func of(_ ids: some Sequence<String>) -> [String: String] {
        let plain = Dictionary(grouping: Set(ids), by: { String($0.asLabel().map { $0 == "-" ? "_" : $0 }) })
        var names: [String: String] = [:]
        for (name, ids) in plain {
            for id in ids {
                names[id] =
                    ids.count == 1 && !name.isEmpty ? "app_\(name)" : "app_\(name)_\(ShortHash.of(id, length: 6))"
            }
        }
        return names
    }
}
