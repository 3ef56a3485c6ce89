import Marathon

/// A group as Marathon answers it, with what is in it.
struct GroupAnswer: Encodable, Sendable {
    var id: String
    var version: String
    var dependencies: [String]
    /// Only where the request embedded them.
    var apps: [App]?
    /// Only where the request embedded them.
    var groups: [GroupAnswer]?
    var pods: [String]?
}

/// A group of an earlier version: bare definitions.
struct FormerGroup: Encodable, Sendable {
    var id: String
    var version: String
    var dependencies: [String]
    var apps: [App.Former]
    var groups: [FormerGroup]
    var pods: [String] = []

    init(_ tree: GroupTree, id: String, version: String) {
        self.id = id
        self.version = version
        dependencies = tree.groups[id] ?? []
        apps = tree.apps(in: id).compactMap { tree.apps[$0] }.map { App.Former(definition: $0, version: version) }
        groups = tree.groups(in: id).map { FormerGroup(tree, id: $0, version: version) }
    }
}

extension Scheduler {
    /// - Parameter embeds: `apps`, `groups` and what ``answer(_:embeds:)`` of apps takes.
    /// - Throws: ``EngineError`` `notFound`, never for the root.
    func groupAnswer(_ id: String, embeds: Set<String>) throws -> GroupAnswer {
        try requireGroup(id)
        let living = apps.values.filter { !$0.isStopping }
        return groupAnswer(
            id, embeds, Dictionary(grouping: living) { DefinitionPath.parent(of: $0.id) },
            Dictionary(grouping: groups.keys.filter { $0 != DefinitionPath.root }, by: DefinitionPath.parent))
    }

    private func groupAnswer(
        _ id: String, _ embeds: Set<String>, _ apps: [String: [AppRecord]], _ children: [String: [String]]
    ) -> GroupAnswer {
        let record = groups[id]
        var answer = GroupAnswer(
            id: id, version: record?.version ?? lastVersion, dependencies: record?.dependencies ?? [])
        if embeds.contains("apps") {
            answer.apps = (apps[id] ?? []).sorted { $0.id < $1.id }.map { self.answer($0, embeds: embeds) }
        }
        if embeds.contains("groups") {
            answer.groups = (children[id] ?? []).sorted().map { groupAnswer($0, embeds, apps, children) }
        }
        if embeds.contains("pods") { answer.pods = [] }
        return answer
    }
}
