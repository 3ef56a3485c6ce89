import Foundation
import Marathon

// Groups as changes of all that is in them.
extension Scheduler {
    /// What there is to be: apps that are going are not in it.
    var tree: GroupTree {
        GroupTree(
            groups: groups.mapValues(\.dependencies),
            apps: apps.compactMapValues { $0.isStopping ? nil : $0.definition })
    }

    /// What has to be changed to make a tree of the present one.
    /// - Parameter root: the group that the change is told of.
    func change(to next: GroupTree, root: String) -> TreeChange {
        let before = tree
        var change = TreeChange()
        change.root = root
        for id in Set(before.apps.keys).union(next.apps.keys) where before.apps[id] != next.apps[id] {
            change.apps[id] = next.apps[id]
        }
        for id in Set(before.groups.keys).union(next.groups.keys) where before.groups[id] != next.groups[id] {
            change.groups[id] = next.groups[id]
        }
        return change
    }

    /// What a request wants of a group, as changes.
    /// - Parameter former: the group of the version that it wants back.
    /// - Throws: ``EngineError`` `invalid`, `notFound`.
    func change(_ request: GroupChange, former: GroupTree?) throws -> TreeChange {
        var next = tree
        switch request.kind {
        case .full(let definition):
            var ports = freeServicePorts
            try next.apply(definition, to: request.id) { ports.take(besides: $0) }
        case .scaleBy(let factor):
            try requireGroup(request.id)
            for id in next.apps(below: request.id) {
                guard var app = next.apps[id] else { continue }
                app.instances = GroupChange.scaled(app.instances ?? 1, by: factor)
                try app.validate()
                next.put(app: app, as: id)
            }
        case .rollback:
            try requireGroup(request.id)
            next.remove(groups: [request.id])
            for (id, dependencies) in former?.groups ?? [:] { next.put(group: id, dependencies: dependencies) }
            for (id, app) in former?.apps ?? [:] { next.put(app: app, as: id) }
        }
        return change(to: next, root: request.id)
    }

    func removal(of group: String) throws -> TreeChange {
        try requireGroup(group)
        var next = tree
        next.remove(groups: [group])
        return change(to: next, root: DefinitionPath.parent(of: group))
    }

    func requireGroup(_ id: String) throws {
        guard groups[id] != nil else {
            throw EngineError(code: .notFound, message: "Group '\(id)' does not exist")
        }
    }
}
