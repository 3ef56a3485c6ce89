import Crypto
import FlockCore
import Foundation
import HAProxy
import Marathon
import Mustache

/// Renders the configuration from `templates/`. Every value in it comes from a token type.
struct ConfigurationRenderer: Sendable {
    private let map: MustacheTemplate
    private let acl: MustacheTemplate

    init() throws {
        map = try MustacheTemplate(string: String(decoding: PackageResources.haproxy_map_cfg_mustache, as: UTF8.self))
        acl = try MustacheTemplate(string: String(decoding: PackageResources.haproxy_acl_cfg_mustache, as: UTF8.self))
    }

    /// - Parameter slots: which servers each backend has; apps without a backend are led to flock-backup.
    func render(_ table: RoutingTable, slots: SlotTable, settings: Settings, paths: HAProxyPaths, isRoot: Bool)
        -> RenderedFiles
    {
        let routes =
            settings.http.style == .map ? table.routes.filter { slots.backends[$0.backend] != nil } : table.routes
        let backups = Self.backups(table, settings)
        var context: [String: Any] = [
            "maxconn": "4000",
            "adminSocket": paths.adminSocket,
            "hostsMap": paths.hostsMap,
            "appsMap": paths.appsMap,
            "listen": settings.http.listen.description,
            "port": String(settings.http.listen.port),
            "statsListen": settings.stats.listen.description,
            "unprivileged": isRoot,
            "backups": backups,
        ]
        let template = settings.http.style == .map ? map : acl
        // Servers come and go while HAProxy runs; the rest is its structure.
        context["structure"] = ""
        context["backends"] = routes.map {
            Self.backend($0, slots: slots.backends[$0.backend] ?? [], isStructure: true, settings)
        }
        let digest = SHA256.hash(data: Data(template.render(context).utf8)).prefix(16)
        let structure = digest.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        context["structure"] = structure
        context["backends"] = routes.map {
            Self.backend($0, slots: slots.backends[$0.backend] ?? [], isStructure: false, settings)
        }

        var hosts: [HostToken: String] = [:]
        var apps: [String: HAProxyName] = [:]
        for route in table.routes {
            for host in route.hosts { hosts[host] = route.appID }
        }
        for route in routes { apps[route.appID] = route.backend }
        return RenderedFiles(configuration: template.render(context), hosts: hosts, apps: apps, structure: structure)
    }

    private static func backups(_ table: RoutingTable, _ settings: Settings) -> [[String: Any]] {
        let addresses =
            table.backups.isEmpty ? [settings.backup.listen.local.description] : table.backups.map(\.description)
        return addresses.enumerated().map { ["number": String($0.offset + 1), "address": $0.element] }
    }

    private static func backend(
        _ route: RoutingTable.Route, slots: [SlotTable.Slot], isStructure: Bool, _ settings: Settings
    ) -> [String: Any] {
        var backend: [String: Any] = [
            "name": route.backend.rawValue,
            "app": route.appID,
            "acl": "acl_" + route.backend.rawValue.dropFirst(4),
            "hosts": route.hosts.map { ["host": $0.rawValue] },
            "slots": slots.map { slot -> [String: Any] in
                let address = isStructure ? nil : slot.address
                return [
                    "name": slot.name, "address": address?.description ?? "127.0.0.1:1",
                    "ready": address != nil && slot.isReady,
                ]
            },
        ]
        if let check = route.check, check.protocol.hasSuffix("HTTP"), let path = PathToken(check.path ?? "/") {
            backend["httpCheck"] = path.rawValue
        }
        return backend
    }
}
