/// A program as a service of Consul's catalogue, behind Flock's address. Not one of Consul's agents stands behind it, so
/// it has a node of its own name, which is Consul's way of naming what is outside.
/// Source: Consul, "Catalog HTTP API", Register Entity, and "Register external services".
struct ConsulEntry: Encodable, Sendable, Hashable {
    var node: String
    var address: String
    var service: Service
    var nodeMeta = ["external-node": "true", "external-probe": "false"]
    /// The node's other data stay.
    var skipNodeUpdate = false

    struct Service: Encodable, Sendable, Hashable {
        var id: String
        var service: String
        var address: String
        var port: Int
        var tags: [String]
        var meta: [String: String]

        enum CodingKeys: String, CodingKey {
            case id = "ID"
            case service = "Service"
            case address = "Address"
            case port = "Port"
            case tags = "Tags"
            case meta = "Meta"
        }
    }

    enum CodingKeys: String, CodingKey {
        case node = "Node"
        case address = "Address"
        case service = "Service"
        case nodeMeta = "NodeMeta"
        case skipNodeUpdate = "SkipNodeUpdate"
    }
}
