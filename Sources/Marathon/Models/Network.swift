/// The network that an app's tasks are in.
public struct Network: Codable, Sendable, Hashable {
    /// `host`, `container` or `container/bridge`.
    public var mode: String
    public var name: String?
    public var labels: [String: String]?

    public init(mode: String = "host", name: String? = nil, labels: [String: String]? = nil) {
        self.mode = mode
        self.name = name
        self.labels = labels
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        mode = try container.decodeIfPresent(String.self, forKey: .mode) ?? "container"
        name = try container.decodeIfPresent(String.self, forKey: .name)
        labels = try container.decodeIfPresent([String: String].self, forKey: .labels)
    }
}
