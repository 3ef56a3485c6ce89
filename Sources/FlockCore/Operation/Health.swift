/// Whether a part can do its job.
public enum Health: Sendable, Hashable {
    case healthy
    case failing(String)
}

/// One line of `/metrics`.
public struct Metric: Sendable, Hashable {
    public enum Kind: String, Sendable { case counter, gauge }

    public var name: String
    public var help: String
    public var kind: Kind
    public var value: Double
    public var labels: [String: String]

    public init(_ name: String, _ kind: Kind, _ value: Double, labels: [String: String] = [:], help: String) {
        self.name = name
        self.kind = kind
        self.value = value
        self.labels = labels
        self.help = help
    }
}

/// What `/health` and `/metrics` ask a part.
public protocol Reporting: Sendable {
    func health() async -> Health
    func metrics() async -> [Metric]
}
