/// The paths under the `state` folder, mode 0700. Each part writes only below its own.
public struct StateFolder: Sendable, Hashable {
    public let path: String

    public init(_ path: String) {
        self.path = path
    }

    public var engine: String { "\(path)/engine" }
    public var hook: String { "\(path)/hook" }
    public var haproxy: String { "\(path)/haproxy" }
    /// Tarballs that tasks fetch.
    public var artifacts: String { "\(path)/artifacts" }
    /// Bare repositories that can be pushed to.
    public var repositories: String { "\(path)/git" }
    public var secrets: String { "\(path)/secrets" }

    /// Where certificates are put, unless the settings name another folder.
    public var certificates: String { "\(path)/certificates" }

    /// A line for each request, unless the settings name another file.
    public var requestLog: String { "\(haproxy)/requests.log" }

    /// The token that may do everything at the engine's API.
    public var engineToken: String { "\(path)/engine-token" }
    /// The token that may only read.
    public var engineReadToken: String { "\(path)/engine-read-token" }

    /// The unix socket where a part answers `/health`, `/metrics` and the verbs that other parts need.
    public func socket(_ part: Part) -> String { "\(path)/\(part.rawValue).sock" }

    public enum Part: String, Sendable, CaseIterable { case engine, hook, haproxy, backup, scaler }
}
