import FlockCore
import Foundation
import Marathon

/// Where every flock-backup and every flock-haproxy is: the tasks of those that run as Marathon apps, else what settings
/// say.
struct PartNodes: Sendable, Hashable {
    /// In one order for all scalers, so that of two that want the same app one gets all leases.
    var backups: [PartAddress]
    var haproxies: [PartAddress]
    /// One that has to be there and is not: nothing may sleep.
    var missing: String?

    private static let roles: Set = ["backup", "haproxy"]

    /// Whether it is one of Flock's parts that others have to find.
    static func isPart(_ app: App) -> Bool { app.labels[Label.role].map(roles.contains) ?? false }

    /// - Parameter apps: those of Marathon's that are parts, with their tasks; others do not matter.
    init(apps: [App], settings: Settings.Parts) {
        (backups, haproxies) = ([], [])
        backups = addresses(of: "backup", in: apps, else: settings.backup.nodes)
        haproxies = addresses(of: "haproxy", in: apps, else: settings.haproxy.nodes)
    }

    private mutating func addresses(of role: String, in apps: [App], else nodes: [PartAddress]) -> [PartAddress] {
        var addresses = Set<PartAddress>()
        let apps = apps.filter { $0.labels[Label.role] == role && $0.instances > 0 }
        for app in apps {
            let running = (app.tasks ?? []).filter(\.isRunning)
            if running.count < app.instances { missing = "a task of \(app.id) does not run" }
            for task in running {
                // The first port serves, the second is for the verbs.
                guard task.ports.count > 1, let address = Self.address(host: task.host, port: task.ports[1]) else {
                    missing = "\(task.id) has no second port for other machines"
                    continue
                }
                addresses.insert(address)
            }
        }
        return (apps.isEmpty ? Set(nodes) : addresses).sorted { $0.description < $1.description }
    }

    private static func address(host: String, port: Int) -> PartAddress? {
        let listen = ListenAddress(host: host, port: port)
        return PartAddress("\(listen.isLoopback ? "http" : "https")://\(listen)")
    }
}
