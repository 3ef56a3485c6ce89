import FlockCore
import HAProxy

/// All that a configuration is rendered from.
struct RoutingPlan: Sendable {
    var table: RoutingTable
    /// The servers of each backend; in map style, an app without a backend is led to flock-backup.
    var slots: SlotTable
    var settings: Settings

    /// Whether the configuration names every app, rather than look it up.
    var isACL: Bool { settings.http.style == .acl }

    /// Apps that have a backend.
    var routes: [RoutingTable.Route] { table.routes.filter { slots.backends[$0.backend] != nil } }

    /// flock-backups, as Marathon or the settings name them.
    var backups: [String] {
        table.backups.isEmpty ? [settings.backup.listen.local.description] : table.backups.map(\.description)
    }

    var maps: RoutingMaps {
        var maps = RoutingMaps()
        guard !isACL else { return maps }
        var (hosts, apps) = ([MapToken: MapToken](), [MapToken: MapToken]())
        for route in table.routes {
            guard let app = MapToken(route.appID) else { continue }
            for host in route.hosts { hosts[MapToken(host)] = app }
            if slots.backends[route.backend] != nil { apps[app] = MapToken(route.backend) }
        }
        maps[.hosts] = hosts
        maps[.apps] = apps
        return maps
    }
}
