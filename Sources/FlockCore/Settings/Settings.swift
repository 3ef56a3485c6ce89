public import Foundation

/// `flock.yaml` as values. The defaults are those of `templates/flock.yaml`, which a file is laid over before
/// it is decoded; a key that is not here is an error.
public struct Settings: Codable, Sendable, Hashable {
    /// Apps answer at `<slug>.<domain>`.
    public var domain: HostDomain
    /// The folder that holds all that Flock keeps.
    public var state: String
    /// Base addresses of Marathon; `nil` for the embedded engine.
    public var marathon: [URL]?
    /// What Marathon is shown as bearer; its path is empty where it asks for none.
    public var marathonToken: SecretFile
    public var http: HTTP
    public var https: HTTPS
    public var stats: Stats
    public var hook: Hook
    public var backup: Backup
    public var scaler: Scaler
    public var engine: Engine
    public var parts: Parts

    public struct HTTP: Codable, Sendable, Hashable {
        public enum Style: String, Codable, Sendable, CaseIterable { case map, acl }
        public var listen: ListenAddress
        public var style: Style
        public var log: RequestLog
    }

    /// Where a line of JSON goes for each request.
    public enum RequestLog: Codable, Sendable, Hashable {
        case none
        /// Of flock-haproxy, or of `flock up`.
        case stdout
        /// An empty path is `requests.log` in the state folder.
        case file(String)
    }

    public struct HTTPS: Codable, Sendable, Hashable {
        /// `nil` where nobody speaks TLS.
        public var listen: ListenAddress?
        /// The folder that certificates are taken from; an empty one is `certificates` in the state folder.
        public var certificates: String
        /// Whether requests over plain http are led to https.
        public var redirect: Bool
        /// How long browsers remember to come over https only; 0 for not at all.
        public var hsts: TimeSpan
        /// The app that answers ACME challenges for every host: its slug or its id.
        public var acme: String?
    }

    public struct Stats: Codable, Sendable, Hashable {
        public var listen: ListenAddress
    }

    public struct Hook: Codable, Sendable, Hashable {
        /// Where forges deliver.
        public var listen: ListenAddress
        /// Where tasks get their code.
        public var artifacts: ListenAddress
        /// How long a new app may take to answer its check before the deploy has failed.
        public var healthTimeout: TimeSpan
        /// Old versions of an app that stay, besides the one that visitors get.
        public var keep: Int
        /// PEM: who may sign the certificates of servers that code is fetched from, beside those that the system trusts.
        public var authority: SecretFile
        /// Deploys that are prepared at once; those that Marathon starts do not count.
        public var builders: Int
        /// How often all branches are looked at for pushes that nobody told of.
        public var resync: TimeSpan
        public var repositories: [Repository]
        public var build: Build
        public var secrets: Secrets
        public var consul: Consul
    }

    /// What package.json refers to as a secret.
    public struct Secrets: Codable, Sendable, Hashable {
        /// Holds a folder for each program, with a file for each secret; empty for none.
        public var folder: String
    }

    /// Consul's HTTP API, for environments and the catalogue.
    public struct Consul: Codable, Sendable, Hashable {
        /// `nil` for no Consul.
        public var url: URL?
        /// What precedes a program's name in keys.
        public var prefix: String
        public var token: SecretFile
        /// The address at which releases are entered into the catalogue; `nil` for not at all.
        public var register: ListenAddress?
    }

    /// Programs are built as Marathon apps of their own.
    public struct Build: Codable, Sendable, Hashable {
        /// How long a build may take, with the wait for room.
        public var timeout: TimeSpan
        /// Shares of a core.
        public var cpus: Double
        /// MiB.
        public var mem: Double
        /// MiB of installed dependencies that are kept for later builds; 0 for none.
        public var cache: Int
    }

    /// A program of a repository. A repository with several programs has an entry for each, with another ``path``.
    public struct Repository: Codable, Sendable, Hashable {
        public enum Environment: String, Codable, Sendable, CaseIterable { case production, preview }

        /// What is refused for a repository unless it is named here.
        public enum Allowance: String, Codable, Sendable, CaseIterable {
            /// http without TLS.
            case http
            /// Loopback, link-local and private addresses.
            case privateAddresses
        }

        /// `https://…`, `ssh://…`, `USER@HOST:PATH`, or the path of a bare repository on this machine.
        public var url: String
        public var secret: Secrets
        /// For https.
        public var token: SecretFile?
        /// The private key for ssh.
        public var key: SecretFile?
        public var hostKeys: [HostKey]
        public var allow: [Allowance]
        /// Patterns of branch names (`*` for any run of characters) and what they deploy to.
        public var branches: [String: Environment]
        /// The program's folder within the repository; empty for the top.
        public var path: String
        /// Patterns of paths; a push that changes none of these deploys nothing. Empty for all.
        public var watch: [String]
        /// How often its branches are looked at, where no webhook reaches Flock; `nil` for every ``Hook/resync``.
        public var poll: TimeSpan?
        /// Whether pull requests from its own branches are previewed.
        public var pullRequests: Bool
        /// `nil` where no forge is told of deploys.
        public var report: Report?
        /// Holds the address of an incoming webhook of Slack, or of a chat that takes the same; `nil` for none.
        public var slack: SecretFile?

        /// What the program is known under; no other entry has the same.
        public var program: String { RepositoryAddress(url).program(in: path) }

        /// One secret, or the new and the old one while it is changed.
        public struct Secrets: Codable, Sendable, Hashable {
            public var files: [String]
        }
    }

    public struct SecretFile: Codable, Sendable, Hashable {
        /// Relative to the folder of flock.yaml; empty where there is none.
        public var file: String

        public init(file: String) {
            self.file = file
        }
    }

    public struct Backup: Codable, Sendable, Hashable {
        public var listen: ListenAddress
        /// How long a request waits for its app.
        public var hold: TimeSpan
        /// A browser sees the waiting page when a wake takes longer.
        public var page: TimeSpan
        /// A folder with templates of waiting pages; empty for the built-in one.
        public var pages: String
        /// Requests that may wait for one app.
        public var maxHeldPerApp: Int
        /// Requests that may wait for all apps together.
        public var maxHeld: Int
        /// Every flock-backup that HAProxy sends requests to; empty for the one at ``listen``.
        public var servers: [ListenAddress]
    }

    public struct Scaler: Codable, Sendable, Hashable {
        public var every: TimeSpan
        public var idleAfter: TimeSpan
        public var minAwake: TimeSpan
        public var awake: [AwakeSchedule]
        public var target: Double
        public var concurrency: Int
        /// 0 for any number.
        public var requestsPerSecond: Double
        public var min: Int
        public var max: Int
        public var window: TimeSpan
        public var burstWindow: TimeSpan
        public var burstFactor: Double
        public var maxUp: Double
        public var maxDown: Double
        public var scaleDownDelay: TimeSpan
        /// Statistics of every HAProxy node; empty for the one at `stats.listen`.
        public var haproxy: [URL]
        public var ignore: Ignore
    }

    /// Requests that neither wake an app nor keep it awake: what fits one of the patterns.
    public struct Ignore: Codable, Sendable, Hashable {
        public var userAgents: [UserAgentPattern]
        public var paths: [PathPattern]
        /// What they are answered while the app sleeps.
        public var status: Int

        public init(userAgents: [UserAgentPattern] = [], paths: [PathPattern] = [], status: Int = 200) {
            self.userAgents = userAgents
            self.paths = paths
            self.status = status
        }
    }

    public struct Engine: Codable, Sendable, Hashable {
        public enum Isolation: String, Codable, Sendable, CaseIterable { case auto, systemd, bwrap, plain }
        public enum Access: String, Codable, Sendable, CaseIterable { case token, open }

        public var listen: ListenAddress
        public var ports: PortRange
        /// What tasks may take together.
        public var cpus: Amount
        /// MiB.
        public var mem: Amount
        /// MiB.
        public var disk: Amount
        public var isolation: Isolation
        public var access: Access
        /// Of each caller.
        public var requestsPerSecond: Int
    }

    /// How the parts of several machines reach one another.
    public struct Parts: Codable, Sendable, Hashable {
        /// What all of them know: who holds it may put apps to sleep.
        public var token: SecretFile
        /// PEM: the chain, and the key, that this machine's parts show.
        public var certificate: SecretFile
        /// PEM: who signs the others' certificates; empty for those that the system trusts.
        public var authority: SecretFile
        public var haproxy: Nodes
        public var backup: Nodes

        public struct Nodes: Codable, Sendable, Hashable {
            /// Where this machine's part answers other machines; `nil` for nowhere.
            public var listen: ListenAddress?
            /// All of them, for the scaler.
            public var nodes: [PartAddress]
        }
    }
}

extension Settings {
    /// Marathon's addresses, the embedded engine's where none is set.
    public var marathonServers: [URL] {
        if let marathon { return marathon }
        return URL(string: "http://\(engine.listen.local)").map { [$0] } ?? []
    }

    /// Where the statistics of each HAProxy node are.
    public var statisticsSources: [URL] {
        if !scaler.haproxy.isEmpty { return scaler.haproxy }
        return URL(string: "http://\(stats.listen.local)/stats;csv").map { [$0] } ?? []
    }

    /// Where HAProxy listens, each with the key that moves it elsewhere.
    public var haproxyListeners: [(address: ListenAddress, setting: String)] {
        [(http.listen, "http.listen"), (stats.listen, "stats.listen")]
            + (https.listen.map { [($0, "https.listen")] } ?? [])
    }

    /// The address of an app's host: over https where somebody listens, with the port where it is not the usual one.
    public func url(host: String) -> String {
        let (scheme, port, usual) = https.listen.map { ("https", $0.port, 443) } ?? ("http", http.listen.port, 80)
        return "\(scheme)://\(host)\(port == usual ? "" : ":\(port)")/"
    }
}

/// The domain under which apps get their names.
public struct HostDomain: Codable, Sendable, Hashable, CustomStringConvertible {
    public let text: String

    public init?(_ text: String) {
        // Room for a label of 63 characters and its dot.
        guard let host = HostName(text), host.text.utf8.count <= 189 else { return nil }
        self.text = host.text
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let domain = HostDomain(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text)\" is not a domain; write for example apps.example.org")
        }
        self = domain
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var description: String { text }
}
