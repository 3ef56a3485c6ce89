import FlockCore
import HAProxy
import Marathon

/// Which host names lead to which app, and which tasks serve it: all that flock-haproxy needs to know, and the
/// same on every machine that reads the same Marathon.
struct RoutingTable: Sendable, Hashable {
    struct Route: Sendable, Hashable {
        var appID: String
        /// HAProxy's name for the app.
        var backend: HAProxyName
        /// Names of its own, sorted.
        var hosts: [HostToken]
        /// Names of the release that it is, sorted.
        var releaseHosts: [HostToken]
        /// `host/path/`, for what is below a path of a host; of the release, sorted.
        var prefixes: [MapToken]
        /// The app that a share of the release's visitors gets instead.
        var canary: Canary?
        var instances: Int
        var check: HealthCheck?
        /// Tasks that run, whether or not they serve yet.
        var targets: [Target]
        /// `nil` where they cannot be written: then nobody is let in.
        var options: BackendOptions?

        /// Whether the app has a backend of its own now; else it is led to flock-backup.
        var wantsBackend: Bool { instances > 0 || !targets.isEmpty || (options.map { $0 != .none } ?? false) }
    }

    struct Canary: Sendable, Hashable {
        var appID: String
        var percent: Int
    }

    struct Target: Sendable, Hashable {
        var taskID: String
        var host: String
        var ports: [Int]
        /// The port that requests go to.
        var address: AddressToken
        /// What Marathon's health checks say; `nil` while they have not.
        var isAlive: Bool?
    }

    /// By id.
    var routes: [Route]
    /// What each slug serves: what its record says, or the newest app where nobody keeps records.
    private let current: [Slug: String]
    /// flock-backups that run as Marathon apps themselves; empty where the one of the settings is to be used.
    var backups: [AddressToken]

    init(apps: [App], domain: HostDomain) {
        let known = apps.compactMap(FlockApp.init).sorted { $0.id < $1.id }
        let records = Dictionary(apps.compactMap(ReleaseRecord.init).map { ($0.slug, $0) }) {
            $0.number >= $1.number ? $0 : $1
        }
        let names = BackendNames.of(known.map(\.id))

        var current: [Slug: String] = [:]
        for (slug, apps) in Dictionary(grouping: known.filter { $0.preview == nil }, by: \.slug) {
            let newest = apps.max { ($0.release, $0.id) < ($1.release, $1.id) }?.id
            let target = records[slug]?.target
            current[slug] = apps.contains { $0.id == target } ? target : newest
        }

        self.current = current

        // A name that is wanted twice goes to the app whose own it is, then to the one with the lower id.
        var own = Ownership<HostToken>()
        var ofRelease = Ownership<HostToken>()
        var prefixes = Ownership<MapToken>()
        let slugs = Dictionary(known.map { ($0.id, $0.slug) }) { first, _ in first }
        // Labels can say anything; an id is one app's only.
        for app in known.filter({ $0.name?.id == $0.id }) + known {
            for host in app.name?.ownHosts(domain: domain.text) ?? [] { own.give(HostToken(host), to: app.id) }
        }
        for (slug, id) in current { ofRelease.give(HostToken("\(slug).\(domain)"), to: id, unless: own) }
        let given = ofRelease
        for app in known where app.preview == nil && current[app.slug] == app.id {
            for route in app.extraHosts {
                if let path = route.path {
                    // Paths of a name that Flock gave to one program are no other's.
                    let owner = HostToken(route.host.text).flatMap { own[$0] ?? given[$0] }
                    guard owner.map({ slugs[$0] == app.slug }) ?? true else { continue }
                    prefixes.give(MapToken("\(route.host)\(path)/"), to: app.id)
                } else {
                    ofRelease.give(HostToken(route.host.text), to: app.id, unless: own)
                }
            }
        }
        let hosts = own.byApp
        let releaseHosts = ofRelease.byApp
        let pathsByApp = prefixes.byApp

        routes = known.compactMap { app in
            guard let backend = names[app.id].flatMap({ HAProxyName($0) }) else { return nil }
            let check = app.app.definition.healthChecks?.first
            return Route(
                appID: app.id, backend: backend, hosts: hosts[app.id] ?? [], releaseHosts: releaseHosts[app.id] ?? [],
                prefixes: pathsByApp[app.id] ?? [],
                canary: current[app.slug] == app.id
                    ? records[app.slug]?.canary.flatMap { canary in
                        slugs[canary.target] == app.slug && canary.target != app.id
                            ? Canary(appID: canary.target, percent: canary.percent) : nil
                    } : nil,
                instances: app.app.instances, check: check,
                targets: Self.targets(of: app.app, port: check?.portIndex ?? 0),
                options: app.http.flatMap(BackendOptions.init))
        }
        backups = apps.filter { $0.labels[Label.role] == "backup" }.flatMap { Self.targets(of: $0, port: 0) }
            .map(\.address).sorted { $0.description < $1.description }
    }

    /// Takes over what has become of an app, where that touches no other one: of thousands, one is looked at.
    /// - Returns: whether it did; otherwise the table is to be made anew, since names may go from app to app.
    mutating func update(_ old: App?, to new: App?) -> Bool {
        guard let old, let new, old.id == new.id, old.labels == new.labels, new.labels[Label.role] == nil,
            old.definition.healthChecks == new.definition.healthChecks
        else { return false }
        // An app that is none of Flock's has no route, then as now.
        guard let index = routes.firstIndex(where: { $0.appID == new.id }) else { return true }
        routes[index].instances = new.instances
        routes[index].targets = Self.targets(of: new, port: routes[index].check?.portIndex ?? 0)
        return true
    }

    /// The app that has this id, or that a slug serves now.
    func route(named name: String) -> Route? {
        let id = Slug(name).flatMap { current[$0] } ?? name
        return routes.first { $0.appID == id }
    }

    private static func targets(of app: App, port: Int) -> [Target] {
        (app.tasks ?? []).filter(\.isRunning).sorted { $0.id < $1.id }.compactMap { task in
            // HAProxy takes addresses only.
            guard task.ports.indices.contains(port),
                let address = AddressToken(
                    ip: task.host == "localhost" ? "127.0.0.1" : task.host, port: task.ports[port])
            else { return nil }
            return Target(taskID: task.id, host: task.host, ports: task.ports, address: address, isAlive: task.isAlive)
        }
    }
}
