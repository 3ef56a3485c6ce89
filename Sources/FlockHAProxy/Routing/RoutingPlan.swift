import FlockCore
import HAProxy

/// All that a configuration is rendered from.
struct RoutingPlan: Sendable {
    var table: RoutingTable
    /// The servers of each backend; in map style, an app without a backend is led to flock-backup.
    var slots: SlotTable
    var settings: Settings
    /// Ids of apps whose part HAProxy does not take.
    var quarantined: Set<String> = []
    /// Ids of apps whose guards are new, and not in HAProxy yet.
    var unguarded: Set<String> = []

    /// Whether the configuration names every app, rather than look it up.
    var isACL: Bool { settings.http.style == .acl }

    /// Apps that have a backend.
    var routes: [RoutingTable.Route] { table.routes.filter(hasBackend) }

    /// The backend that answers 503 for an app whose own cannot be used.
    static let closed = MapToken(literal: "flock_closed")

    /// flock-backups, as Marathon or the settings name them.
    var backups: [String] {
        if !table.backups.isEmpty { return table.backups.map(\.description) }
        let servers = settings.backup.servers
        return servers.isEmpty ? [settings.backup.listen.local.description] : servers.map(\.description)
    }

    /// The app that answers ACME challenges for every host.
    var acme: RoutingTable.Route? { settings.https.acme.flatMap { table.route(named: $0) } }

    /// Where the hosts map has it: no request's host has a colon.
    static let acmeKey = MapToken(literal: ":acme")

    var maps: RoutingMaps {
        var maps = RoutingMaps()
        guard !isACL else { return maps }
        // Each in a variable of its own: changed inside the maps, one would be copied for each entry.
        var (hosts, prefixes, apps): (RoutingMaps.Entries, RoutingMaps.Entries, RoutingMaps.Entries) = ([:], [:], [:])
        for route in table.routes {
            guard let app = MapToken(route.appID) else { continue }
            let release = route.canary.flatMap { MapToken("\(app)=\($0.percent)=\($0.appID)") } ?? app
            for host in route.hosts { hosts[MapToken(host)] = app }
            for host in route.releaseHosts { hosts[MapToken(host)] = release }
            for prefix in route.prefixes { prefixes[prefix] = release }
            if hasBackend(route), !unguarded.contains(route.appID) {
                apps[app] = MapToken(route.backend)
            } else if route.options?.isGuard ?? true || quarantined.contains(route.appID) {
                // What guards it is not in the file yet, or cannot be.
                apps[app] = Self.closed
            }
        }
        if let app = acme.flatMap({ MapToken($0.appID) }) { hosts[Self.acmeKey] = app }
        (maps[.hosts], maps[.prefixes], maps[.apps]) = (hosts, prefixes, apps)
        return maps
    }

    var optionsByBackend: [HAProxyName: BackendOptions] {
        var options: [HAProxyName: BackendOptions] = [:]
        for route in routes { options[route.backend] = route.options }
        return options
    }

    /// Closes the apps whose guards stand in no backend yet, until the reload that brings them.
    mutating func awaitGuards(_ standing: [HAProxyName: BackendOptions]) {
        for route in routes {
            guard let options = route.options, options.isGuard else { continue }
            if standing[route.backend]?.guards != options.guards { unguarded.insert(route.appID) }
        }
    }

    /// The same without the parts of some apps.
    func without(_ routes: [RoutingTable.Route]) -> RoutingPlan {
        var plan = self
        plan.quarantined.formUnion(routes.map(\.appID))
        return plan
    }

    private func hasBackend(_ route: RoutingTable.Route) -> Bool {
        route.options != nil && !quarantined.contains(route.appID) && slots.backends[route.backend] != nil
    }
}
