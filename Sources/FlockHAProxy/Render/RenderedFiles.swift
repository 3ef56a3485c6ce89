import HAProxy

/// The three files that say everything to HAProxy. The same routes give the same bytes.
struct RenderedFiles: Sendable, Hashable {
    var configuration: String
    /// Host name to app id.
    var hosts: [HostToken: String]
    /// App id to backend.
    var apps: [String: HAProxyName]
    /// A digest of all that cannot be changed while HAProxy runs: equal digests need no reload.
    var structure: String

    var hostsMap: String { Self.text(hosts.map { ($0.key.rawValue, $0.value) }) }
    var appsMap: String { Self.text(apps.map { ($0.key, $0.value.rawValue) }) }

    private static func text(_ entries: [(String, String)]) -> String {
        entries.sorted { $0.0 < $1.0 }.map { "\($0.0) \($0.1)\n" }.joined()
    }
}
