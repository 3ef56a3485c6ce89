/// What a server says it can do: `NAME` or `NAME=VALUE`.
struct Capabilities: Hashable, Sendable {
    private static let limit = 256
    private var values: [String: String] = [:]

    mutating func add(_ capability: String) {
        guard values.count < Self.limit else { return }
        let parts = capability.split(separator: "=", maxSplits: 1)
        guard let name = parts.first else { return }
        values[String(name)] = parts.count == 2 ? String(parts[1]) : ""
    }

    func has(_ name: String) -> Bool { values[name] != nil }

    func value(of name: String) -> String? { values[name] }

    /// Whether version 2's `fetch` has a feature.
    func fetch(_ feature: String) -> Bool {
        values["fetch"]?.split(separator: " ").contains { $0 == feature } == true
    }
}
