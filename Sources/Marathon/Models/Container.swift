/// The image that tasks run in.
public struct Container: Codable, Sendable, Hashable {
    /// `MESOS` or `DOCKER`.
    public var type: String
    public var docker: Docker?
    public var portMappings: [PortMapping]?
    public var volumes: [Volume]?

    public struct Docker: Codable, Sendable, Hashable {
        public var image: String
        public var forcePullImage: Bool?
        public var privileged: Bool?
        public var parameters: [Parameter]?
        /// `HOST`, `BRIDGE` or `USER`; ``AppDefinition/networks`` from 1.5 on.
        public var network: String?
        /// Beside ``Container/docker`` from 1.5 on.
        public var portMappings: [PortMapping]?

        public init(
            image: String, network: String? = nil, portMappings: [PortMapping]? = nil, forcePullImage: Bool? = nil
        ) {
            self.image = image
            self.network = network
            self.portMappings = portMappings
            self.forcePullImage = forcePullImage
        }
    }

    public struct Parameter: Codable, Sendable, Hashable {
        public var key: String
        public var value: String
    }

    public struct PortMapping: Codable, Sendable, Hashable {
        public var containerPort: Int?
        public var hostPort: Int?
        public var servicePort: Int?
        public var `protocol`: String?
        public var name: String?
        public var labels: [String: String]?

        public init(containerPort: Int? = nil, hostPort: Int? = nil, name: String? = nil) {
            self.containerPort = containerPort
            self.hostPort = hostPort
            self.name = name
        }
    }

    public struct Volume: Codable, Sendable, Hashable {
        public var containerPath: String
        public var hostPath: String?
        /// `RW` or `RO`.
        public var mode: String?
    }

    /// Of the Mesos containerizer, without an image.
    public init() {
        type = "MESOS"
    }

    /// Of Docker.
    public init(_ docker: Docker) {
        type = "DOCKER"
        self.docker = docker
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        docker = try container.decodeIfPresent(Docker.self, forKey: .docker)
        type = try container.decodeIfPresent(String.self, forKey: .type) ?? "MESOS"
        portMappings = try container.decodeIfPresent([PortMapping].self, forKey: .portMappings)
        volumes = try container.decodeIfPresent([Volume].self, forKey: .volumes)
    }
}
