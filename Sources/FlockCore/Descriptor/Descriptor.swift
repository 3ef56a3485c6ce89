/// What a program says about itself: `name`, `version`, and the `flock` and `checks` keys of package.json.
public struct Descriptor: Sendable, Hashable {
    public var slug: Slug
    public var version: AppVersion
    /// Run by `/bin/sh -c` in the program's folder; `nil` where the image says what runs.
    public var command: String?
    /// How many run after a deploy, and the most the scaler uses unless `scale.max` says otherwise.
    public var instances: Int
    /// Shares of a core.
    public var cpus: Double
    /// MiB.
    public var mem: Double
    /// How many ports a task gets, as `PORT0`, `PORT1` …
    public var ports: Int
    public var env: [String: EnvironmentValue]
    public var hosts: [HostRoute]
    public var checks: [Check]
    public var scale: ScaleOverrides
    public var http: HTTPOptions
    /// Commands that make the program from its source, instead of those that npm's scripts name; `nil` for those.
    public var build: [String]?
    /// What tasks run instead of the repository's code.
    public var image: Image?
    /// The Marathon group that the app is in.
    public var group: Slug?
    /// Names of programs that have to be there first.
    public var dependencies: [Slug]
    public var package: Package

    public struct Check: Sendable, Hashable {
        public enum Kind: Sendable, Hashable {
            case http(path: String)
            case tcp
            /// Run by `/bin/sh -c` where the task runs.
            case command(String)
        }

        public var kind: Kind
        public var portIndex: Int
        public var interval: Duration
        public var timeout: Duration
        public var grace: Duration
        public var maxConsecutiveFailures: Int
    }

    /// A container image that was built elsewhere.
    public struct Image: Sendable, Hashable {
        public enum Network: String, Sendable, CaseIterable {
            case bridge = "BRIDGE"
            case host = "HOST"
        }

        /// Such as `registry.example.org/shop:1.0.1`.
        public var name: String
        public var network: Network
        /// Where the program listens inside, in a bridge; 0 for the number in `PORT`.
        public var port: Int
        /// Whether it is fetched anew before each start.
        public var pull: Bool
    }

    /// What npm's own keys say, as far as a build has to know.
    public struct Package: Sendable, Hashable {
        /// Names of the scripts.
        public var scripts: Set<String> = []
        public var hasDependencies = false
        public var hasDevelopmentDependencies = false
        public var hasWorkspaces = false

        public init() {}
    }
}
