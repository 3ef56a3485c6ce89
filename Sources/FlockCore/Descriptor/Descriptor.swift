/// What a program says about itself: `name`, `version`, and the `flock` and `checks` keys of package.json.
public struct Descriptor: Sendable, Hashable {
    public var slug: Slug
    public var version: AppVersion
    /// Run by `/bin/sh -c` in the program's folder.
    public var command: String
    /// How many run after a deploy, and the most the scaler uses unless `scale.max` says otherwise.
    public var instances: Int
    /// Shares of a core.
    public var cpus: Double
    /// MiB.
    public var mem: Double
    /// How many ports a task gets, as `PORT0`, `PORT1` …
    public var ports: Int
    public var env: [String: String]
    public var hosts: [HostRoute]
    public var checks: [Check]
    public var scale: ScaleOverrides
    public var http: HTTPOptions

    /// An HTTP check of a path, or a TCP check where there is none.
    public struct Check: Sendable, Hashable {
        public var path: String?
        public var portIndex: Int
        public var interval: Duration
        public var timeout: Duration
        public var grace: Duration
        public var maxConsecutiveFailures: Int
    }
}
