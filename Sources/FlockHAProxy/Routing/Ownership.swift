import HAProxy

/// Which app has which name: the first that asks.
struct Ownership<Name: HAProxyToken> {
    private var owners: [Name: String] = [:]

    /// - Parameters:
    ///   - name: `nil` for what is no name.
    ///   - others: names that are taken too.
    mutating func give(_ name: Name?, to appID: String, unless others: Ownership<Name> = Ownership()) {
        guard let name, owners[name] == nil, others.owners[name] == nil else { return }
        owners[name] = appID
    }

    subscript(name: Name) -> String? { owners[name] }

    /// The names of each app, sorted.
    var byApp: [String: [Name]] {
        Dictionary(grouping: owners, by: \.value).mapValues { $0.map(\.key).sorted { $0.rawValue < $1.rawValue } }
    }
}
