import Crypto
import FlockCore
import Foundation
import HAProxy
import Mustache

/// Renders the configuration from `templates/`. Every value in it comes from a token type or the settings.
///
/// A backend's text is kept: of 10,000 backends, a change renders the ones that it changes.
struct ConfigurationRenderer: Sendable {
    private let library: MustacheLibrary
    private let paths: HAProxyPaths
    private let isRoot: Bool
    /// How many HAProxy may have.
    var openFiles: Int
    private var sections: [HAProxyName: BackendSection] = [:]

    /// - Parameters:
    ///   - isRoot: whether HAProxy is started by root, and has to become somebody else.
    ///   - openFiles: how many HAProxy may have; those of this process when it starts it.
    init(paths: HAProxyPaths, isRoot: Bool, openFiles: Int = OpenFiles.limit.hard) throws {
        self.paths = paths
        self.isRoot = isRoot
        self.openFiles = openFiles
        library = MustacheLibrary(
            templates: try [
                "map": PackageResources.haproxy_map_cfg_mustache, "acl": PackageResources.haproxy_acl_cfg_mustache,
                "base": PackageResources.haproxy_base_cfg_mustache,
                "https": PackageResources.haproxy_https_cfg_mustache,
                "log": PackageResources.haproxy_log_cfg_mustache,
                "request": PackageResources.haproxy_request_cfg_mustache,
                "backend": PackageResources.haproxy_backend_cfg_mustache,
            ].mapValues { try MustacheTemplate(string: String(decoding: $0, as: UTF8.self)) })
    }

    /// A digest of all that cannot be changed while HAProxy runs: equal digests need no reload.
    mutating func structure(of plan: RoutingPlan) -> String {
        var digest = SHA256()
        digest.update(data: Data(frame(plan, backends: "").utf8))
        for route in plan.routes { digest.update(data: section(route, plan).structure) }
        return digest.finalize().prefix(16).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    mutating func render(_ plan: RoutingPlan) -> RenderedFiles {
        let structure = structure(of: plan)
        var backends = ""
        for route in plan.routes {
            var section = section(route, plan)
            backends += section.text(of: plan.slots, in: library)
            sections[route.backend] = section
        }
        let present = Set(plan.routes.map(\.backend))
        sections = sections.filter { present.contains($0.key) }
        return RenderedFiles(structure: structure, body: frame(plan, backends: backends), maps: plan.maps)
    }

    /// A digest of one app's part of the structure.
    mutating func structure(of route: RoutingTable.Route, in plan: RoutingPlan) -> Data {
        section(route, plan).structure
    }

    private mutating func section(_ route: RoutingTable.Route, _ plan: RoutingPlan) -> BackendSection {
        let shape = BackendSection.Shape(route, plan)
        if let known = sections[route.backend], known.shape == shape { return known }
        let section = BackendSection(shape, in: library)
        sections[route.backend] = section
        return section
    }

    func connections(of plan: RoutingPlan) -> ConnectionLimit { ConnectionLimit(plan, openFiles: openFiles) }

    /// All but the backends.
    private func frame(_ plan: RoutingPlan, backends: String) -> String {
        let settings = plan.settings
        var context: [String: Any] = [
            "maxconn": String(connections(of: plan).count),
            "adminSocket": paths.adminSocket,
            "peers": isRoot ? paths.abstractPeers : "unix@\(paths.peersSocket) mode 600",
            "memory": "\(Int(AppUsage.memory / .seconds(1)))",
            "listen": settings.http.listen.description,
            "port": String(settings.http.listen.port),
            "statsListen": settings.stats.listen.description,
            "unprivileged": isRoot,
            "log": settings.http.log != .none,
            "backups": BackendSection.numbered(plan.backups),
            "backends": backends,
        ]
        context.merge(plan.https(paths)) { first, _ in first }
        let ignored = IgnoreRule.all(settings.scaler.ignore).map { rule -> [String: Any] in
            [
                "fetch": rule.fetch, "match": rule.match.rawValue, "caseless": rule.isCaseless, "pattern": rule.pattern,
            ]
        }
        if !ignored.isEmpty { context["ignored"] = ["rules": ignored] }
        context["hostsMap"] = paths.map(.hosts).rawValue
        context["prefixesMap"] = paths.map(.prefixes).rawValue
        context["appsMap"] = paths.map(.apps).rawValue
        if plan.isACL {
            let routes = Self.rules(plan)
            context["routes"] = routes
            // A path before those that it lies under: the first rule that fits wins.
            context["prefixes"] = plan.routes.enumerated().flatMap { index, route in
                route.prefixes.map { (prefix: $0, route: routes[index]) }
            }
            .sorted { $0.prefix.rawValue > $1.prefix.rawValue }
            .map { Self.pathRule($0.prefix).merging($0.route) { own, _ in own } }
        }
        return library.text(of: context, plan.isACL ? "acl" : "map")
    }

    /// What the acl style says of each route.
    private static func rules(_ plan: RoutingPlan) -> [[String: Any]] {
        let backends = Dictionary(plan.routes.map { ($0.appID, $0.backend) }) { first, _ in first }
        return plan.routes.map { route in
            var rules: [String: Any] = [
                "name": route.backend.rawValue, "acl": "acl_" + route.backend.rawValue.dropFirst(4),
                "hosts": (route.hosts + route.releaseHosts).map { ["host": $0.rawValue] },
                "isNamed": !(route.hosts + route.releaseHosts).isEmpty,
            ]
            if let canary = route.canary, let backend = backends[canary.appID] {
                rules["shared"] = [
                    "percent": String(canary.percent), "canary": backend.rawValue,
                    "releaseHosts": route.releaseHosts.map { ["host": $0.rawValue] },
                ]
            }
            return rules
        }
    }

    /// `host/path/` as the acl style needs it.
    private static func pathRule(_ prefix: MapToken) -> [String: Any] {
        let slash = prefix.rawValue.firstIndex(of: "/") ?? prefix.rawValue.endIndex
        let path = prefix.rawValue[slash...]
        return ["host": String(prefix.rawValue[..<slash]), "path": String(path.dropLast()), "below": String(path)]
    }
}

extension MustacheLibrary {
    func text(of context: [String: Any], _ template: String) -> String {
        guard let text = render(context, withTemplate: template) else { preconditionFailure("no template \(template)") }
        return text
    }
}
