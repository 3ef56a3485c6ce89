import Crypto
import FlockCore
import Foundation
import HAProxy
import Marathon
import Mustache

/// One backend's part of the configuration, rendered anew only when something in it has changed.
struct BackendSection: Sendable {
    /// All of it that cannot be changed while HAProxy runs.
    struct Shape: Sendable, Hashable {
        var backend: HAProxyName
        var appID: String
        var checkPath: PathToken?
        var slots: Int
        var backups: [String]
        var isACL: Bool
        var options: BackendOptions

        init(_ route: RoutingTable.Route, _ plan: RoutingPlan) {
            backend = route.backend
            appID = route.appID
            checkPath = route.check.flatMap { $0.protocol.hasSuffix("HTTP") ? PathToken($0.path ?? "/") : nil }
            slots = plan.slots.backends[route.backend]?.count ?? 0
            backups = plan.backups
            isACL = plan.isACL
            options = route.options ?? .none
        }
    }

    let shape: Shape
    /// A digest of the text without the members.
    let structure: Data
    private var rendered: (slots: [SlotTable.Slot], text: String)?

    init(_ shape: Shape, in library: MustacheLibrary) {
        self.shape = shape
        let empty = (0..<shape.slots).map { SlotTable.Slot(number: $0 + 1) }
        structure = Data(SHA256.hash(data: Data(Self.render(shape, empty, library).utf8)))
    }

    mutating func text(of slots: SlotTable, in library: MustacheLibrary) -> String {
        let members = slots.backends[shape.backend] ?? []
        if let rendered, rendered.slots == members { return rendered.text }
        let text = Self.render(shape, members, library)
        rendered = (members, text)
        return text
    }

    private static func render(_ shape: Shape, _ slots: [SlotTable.Slot], _ library: MustacheLibrary) -> String {
        var context: [String: Any] = [
            "name": shape.backend.rawValue,
            "app": shape.appID,
            "acl": shape.isACL,
            "slots": slots.map { slot -> [String: Any] in
                [
                    "name": slot.name, "address": slot.address?.description ?? "127.0.0.1:1",
                    "ready": slot.address != nil && slot.isReady,
                ]
            },
            // Of several, HAProxy would use the first only.
            "severalBackups": shape.backups.count > 1,
            "backups": numbered(shape.backups),
        ]
        context["httpCheck"] = shape.checkPath?.rawValue
        let options = shape.options
        context["sticky"] = options.isSticky
        context["h2"] = options.isHTTP2
        context["timeout"] = options.timeoutMilliseconds.map(String.init)
        if let rate = options.rate {
            context["rate"] = ["requests": String(rate.requests), "seconds": String(rate.seconds)]
        }
        if !options.allow.isEmpty {
            context["allow"] = ["networks": options.allow.map { ["network": $0.rawValue] }]
        }
        if !options.users.isEmpty {
            context["auth"] = ["users": options.users.map { ["user": $0.name.rawValue, "hash": $0.hash.rawValue] }]
        }
        return library.text(of: context, "backend")
    }

    /// Addresses as a template counts them.
    static func numbered(_ addresses: [String]) -> [[String: Any]] {
        addresses.enumerated().map { ["number": String($0.offset + 1), "address": $0.element] }
    }
}
