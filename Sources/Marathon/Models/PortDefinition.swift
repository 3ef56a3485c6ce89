/// A port that each task gets on its host.
public struct PortDefinition: Codable, Sendable, Hashable {
    /// The service port; 0 asks for any free one.
    public var port: Int
    /// `tcp`, `udp` or `udp,tcp`.
    public var `protocol`: String
    public var name: String?
    public var labels: [String: String]?

    public init(port: Int = 0, protocol: String = "tcp", name: String? = nil, labels: [String: String]? = nil) {
        self.port = port
        self.protocol = `protocol`
        self.name = name
        self.labels = labels
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        port = try container.decodeIfPresent(Int.self, forKey: .port) ?? 0
        self.protocol = try container.decodeIfPresent(String.self, forKey: .protocol) ?? "tcp"
        name = try container.decodeIfPresent(String.self, forKey: .name)
        labels = try container.decodeIfPresent([String: String].self, forKey: .labels)
    }
}
