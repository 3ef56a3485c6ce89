/// The files that say everything to HAProxy. The same routes give the same bytes.
struct RenderedFiles: Sendable, Hashable {
    static let structureMark = "# structure: "

    /// What ``ConfigurationRenderer/structure(of:)`` says of it; kept in the file for the next flock-haproxy.
    let structure: String
    let configuration: String
    let maps: RoutingMaps

    init(structure: String, body: String, maps: RoutingMaps) {
        self.structure = structure
        configuration =
            "# Managed by flock-haproxy; changes are overwritten.\n\(Self.structureMark)\(structure)\n\(body)"
        self.maps = maps
    }
}
