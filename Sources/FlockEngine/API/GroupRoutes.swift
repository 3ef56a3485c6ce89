import HTTPTypes
import Hummingbird
import Marathon

/// `/v2/groups` and all below it.
struct GroupRoutes: Sendable {
    let engine: Engine
    /// Marathon's, where a request asks for none.
    private static let embeds: Set<String> = ["groups", "apps", "pods", "counts", "deployments"]

    func add(to router: Router<BasicRequestContext>, _ guarded: Guard) {
        for path: RouterPath in ["/v2/groups", "/v2/groups/**"] {
            router.get(path, use: guarded.reading { try await get($0, GroupPath($0.path)) })
            router.post(path, use: guarded.changing { try await put($0, GroupPath($0.path), isNew: true) })
            router.put(path, use: guarded.changing { try await put($0, GroupPath($0.path)) })
            router.delete(path, use: guarded.changing { try await delete($0, GroupPath($0.path)) })
        }
    }

    private func get(_ request: APIRequest, _ path: GroupPath) async throws -> Response {
        switch path {
        case .group(let id):
            let embeds = request.embeds.isEmpty ? Self.embeds : request.embeds
            return .json(try await engine.read { scheduler, _ in try scheduler.groupAnswer(id, embeds: embeds) })
        case .versions(let id):
            try await engine.read { scheduler, _ in try scheduler.requireGroup(id) }
            return .json(try await engine.store.versions(below: id))
        case .version(let id, let version):
            try await engine.read { scheduler, _ in try scheduler.requireGroup(id) }
            return .json(FormerGroup(try await former(id, version), id: id, version: version))
        }
    }

    /// - Parameter isNew: as POST asks.
    private func put(_ request: APIRequest, _ path: GroupPath, isNew: Bool = false) async throws -> Response {
        let change: GroupChange
        switch path {
        case .group(let group): change = try GroupChange(try await request.body(), of: group)
        // What marathon-python sends to roll back, without a body.
        case .version(let group, let version) where !isNew: change = GroupChange(rollback: version, of: group)
        case .version, .versions: throw EngineError.noSuchURI
        }
        var former: GroupTree?
        if case .rollback(let version) = change.kind {
            former = try await self.former(change.id, version)
        }
        if request.flag("dryRun") {
            struct Answer: Encodable { var steps: [Deployment.Step] }
            return .json(
                Answer(
                    steps: try await engine.read { [former] scheduler, _ in
                        scheduler.plan(try scheduler.change(change, former: former)).answer
                    }))
        }
        let force = request.flag("force")
        let (result, wasThere) = try await engine.perform { [former] scheduler, now in
            let isThere = scheduler.groups[change.id] != nil
            if isNew, isThere, change.id != DefinitionPath.root {
                throw EngineError(
                    code: .conflict, message: "Group \(change.id) is already created. Use PUT to change this group.")
            }
            if isNew, scheduler.apps[change.id] != nil {
                throw EngineError(
                    code: .conflict, message: "An app with the path \(change.id) already exists.")
            }
            return (
                try scheduler.deploy(try scheduler.change(change, former: former), force: force, at: now), isThere
            )
        }
        return .deployment(
            result, status: isNew || !wasThere ? .created : .ok, location: isNew ? "/v2/groups\(change.id)" : nil)
    }

    private func delete(_ request: APIRequest, _ path: GroupPath) async throws -> Response {
        guard case .group(let id) = path else { throw EngineError.noSuchURI }
        let force = request.flag("force")
        return .deployment(
            try await engine.perform { scheduler, now in
                try scheduler.deploy(try scheduler.removal(of: id), force: force, at: now)
            })
    }

    /// The group as it was.
    private func former(_ id: String, _ version: String) async throws -> GroupTree {
        // Of an older version some may be forgotten, and an app that is must not be taken for one that was not there.
        let isKnown = try await engine.store.versions(below: id).contains(version)
        let entries = try await engine.store.entries(below: id, at: version)
        guard isKnown, !entries.isEmpty else {
            throw EngineError(code: .notFound, message: "Group '\(id)' does not exist in version \(version)")
        }
        var tree = GroupTree()
        for entry in entries {
            switch entry.content {
            case .app(let definition): tree.put(app: definition, as: entry.id)
            case .group(let dependencies): tree.put(group: entry.id, dependencies: dependencies)
            case .gone: break
            }
        }
        return tree
    }
}
