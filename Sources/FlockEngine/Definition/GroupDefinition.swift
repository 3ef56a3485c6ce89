import Marathon

/// What a request says of a group. Source: Marathon's GroupUpdate.
struct GroupDefinition: Decodable, Sendable, Hashable {
    /// As given: absolute, or from the group that it is in.
    var id: String?
    /// All of its apps, those left out go; `nil` leaves them as they are.
    var apps: [AppDefinition]?
    /// All groups in it, those left out go; `nil` leaves them as they are.
    var groups: [GroupDefinition]?
    /// Apps and groups that come before all apps of the group; `nil` leaves them as they are.
    var dependencies: [String]?

    /// How many apps and groups it names, itself too.
    var size: Int { (groups ?? []).reduce(1 + (apps ?? []).count) { $0 + $1.size } }
}
