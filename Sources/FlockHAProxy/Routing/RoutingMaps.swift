import HAProxy

/// The maps that HAProxy looks things up in, changed while it runs.
struct RoutingMaps: Sendable, Hashable {
    enum Name: Sendable, CaseIterable {
        /// Host name → app; `APP=PERCENT=OTHER` where another app gets a share of the visitors.
        case hosts
        /// `host/path/` → app; the longest that fits wins.
        case prefixes
        /// App → backend; an app that is not there is led to flock-backup.
        case apps

        /// In HAProxy's folder.
        var file: StaticString {
            switch self {
            case .hosts: "hosts.map"
            case .prefixes: "prefixes.map"
            case .apps: "apps.map"
            }
        }
    }

    typealias Entries = [MapToken: MapToken]

    private var entries: [Name: Entries] = [:]

    /// The entries of one map. What is no token is left out: nothing else may reach HAProxy.
    subscript(name: Name) -> Entries {
        get { entries[name] ?? [:] }
        set { entries[name] = newValue }
    }

    /// The map as a file: sorted, so that the same entries give the same bytes.
    func text(of name: Name) -> String {
        self[name].map { "\($0.key) \($0.value)\n" }.sorted().joined()
    }

    /// Takes over what HAProxy has. Its values are believed as far as they are tokens: they were when they were set.
    mutating func adopt(_ found: [MapEntry], as name: Name) {
        self[name] = Dictionary(
            found.compactMap { entry in MapToken(entry.key).flatMap { key in MapToken(entry.value).map { (key, $0) } } }
        ) { first, _ in first }
    }

    /// Commands that bring HAProxy's maps from these to others: an app is led to its backend before a name leads to the
    /// app, and a name is taken away before that, or what guards the app could be passed in between.
    /// - Parameter path: of a map's file.
    func changes(to new: RoutingMaps, path: (Name) -> PathToken) -> [RuntimeCommand] {
        var sets: [RuntimeCommand] = []
        var deletions: [RuntimeCommand] = []
        for name in Name.allCases where self[name] != new[name] {
            let (old, wanted, path) = (self[name], new[name], path(name))
            var own: [RuntimeCommand] = []
            for (key, value) in wanted where old[key] != value {
                if old[key] == nil {
                    own.append(.addMap(path: path, key: key, value: value))
                } else {
                    own.append(.setMap(path: path, key: key, value: value))
                }
            }
            // Names come before apps in the list of maps.
            sets = own + sets
            for key in old.keys where wanted[key] == nil { deletions.append(.delMap(path: path, key: key)) }
        }
        return sets + deletions
    }
}
