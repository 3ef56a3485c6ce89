import Marathon

/// All groups and apps, flat: what is in what is told by the ids.
struct GroupTree: Codable, Sendable, Hashable {
    /// What each group's apps come after: absolute ids of apps and groups. The root is always there.
    private(set) var groups: [String: [String]] = [DefinitionPath.root: []]
    private(set) var apps: [String: AppDefinition] = [:]

    static let mostApps = 10_000
    static let mostGroups = 1000

    /// The groups that the apps are in are there too.
    init(groups: [String: [String]] = [:], apps: [String: AppDefinition] = [:]) {
        self.groups.merge(groups) { _, given in given }
        self.apps = apps
        for id in groups.keys { putAncestors(of: id) }
        // Thousands may be in one group.
        for group in Set(apps.keys.map(DefinitionPath.parent)) { put(group: group, dependencies: nil) }
    }

    // MARK: What is in what

    /// The groups right in a group, by id.
    func groups(in group: String) -> [String] {
        groups.keys.filter { $0 != DefinitionPath.root && DefinitionPath.parent(of: $0) == group }.sorted()
    }

    /// The apps right in a group, by id.
    func apps(in group: String) -> [String] {
        apps.keys.filter { DefinitionPath.parent(of: $0) == group }.sorted()
    }

    /// The apps in a group at any depth, by id.
    func apps(below group: String) -> [String] {
        apps.keys.filter { DefinitionPath.isBelow($0, group) }.sorted()
    }

    // MARK: Changes

    mutating func put(app: AppDefinition, as id: String) {
        apps[id] = app
        putAncestors(of: id)
    }

    /// - Parameter dependencies: `nil` leaves them as they are.
    mutating func put(group: String, dependencies: [String]?) {
        groups[group] = dependencies ?? groups[group] ?? []
        putAncestors(of: group)
    }

    mutating func remove(app id: String) {
        apps[id] = nil
    }

    /// Takes groups away with all that is in them; the root only loses what is in it.
    mutating func remove(groups gone: Set<String>) {
        guard !gone.isEmpty else { return }
        func isGone(_ id: String) -> Bool { DefinitionPath.ancestors(of: id).contains { gone.contains($0) } }
        apps = apps.filter { !isGone($0.key) }
        groups = groups.filter { !gone.contains($0.key) && !isGone($0.key) }
        groups[DefinitionPath.root] = groups[DefinitionPath.root] ?? []
    }

    private mutating func putAncestors(of id: String) {
        for ancestor in DefinitionPath.ancestors(of: id) where groups[ancestor] == nil { groups[ancestor] = [] }
    }

    /// Makes a group what a request says. Apps are full definitions: what one leaves out has its default again.
    /// - Parameters:
    ///   - servicePort: a free one that is not in the set, each time another; `nil` when there is none.
    /// - Throws: ``EngineError`` of code `invalid` with all that is wrong; nothing has changed then.
    mutating func apply(_ definition: GroupDefinition, to group: String, servicePort: (Set<Int>) -> Int?) throws {
        guard definition.size <= Self.mostApps + Self.mostGroups else {
            throw EngineError(
                code: .invalid, message: "Object is not valid",
                details: [
                    .init(path: "/", errors: ["has more than \(Self.mostApps + Self.mostGroups) apps and groups"])
                ])
        }
        var next = self
        var edit = Edit(before: self)
        next.apply(definition, to: group, at: "", &edit, servicePort: servicePort)
        next.remove(groups: edit.gone)
        edit.violations.add(next.violations(), under: "")
        try edit.violations.check()
        self = next
    }

    /// What is kept while a definition is applied, group by group.
    private struct Edit {
        let apps: [String: AppDefinition]
        let appsIn: [String: [String]]
        let groupsIn: [String: [String]]
        var gone: Set<String> = []
        var violations = Violations()

        init(before: GroupTree) {
            apps = before.apps
            appsIn = Dictionary(grouping: before.apps.keys, by: DefinitionPath.parent)
            groupsIn = Dictionary(
                grouping: before.groups.keys.filter { $0 != DefinitionPath.root }, by: DefinitionPath.parent)
        }
    }

    private mutating func apply(
        _ definition: GroupDefinition, to group: String, at path: String, _ edit: inout Edit,
        servicePort: (Set<Int>) -> Int?
    ) {
        if group != DefinitionPath.root {
            for error in DefinitionPath.violations(of: group) { edit.violations.add(path + "/id", error) }
        }
        let dependencies = definition.dependencies?.enumerated().compactMap { index, text in
            let id = DefinitionPath.resolve(text, under: group)
            edit.violations.require(id != nil, "\(path)/dependencies(\(index))", DefinitionPath.outside)
            return id
        }
        put(group: group, dependencies: dependencies)
        if let apps = definition.apps {
            for id in edit.appsIn[group] ?? [] { remove(app: id) }
            for (index, app) in apps.enumerated() {
                let path = "\(path)/apps(\(index))"
                guard let id = child(app.id, of: group, at: path, &edit.violations) else { continue }
                edit.violations.require(self.apps[id] == nil, path + "/id", "\(id) is given twice")
                var app = app
                app.id = id
                do {
                    put(
                        app: try app.resolved(over: edit.apps[id], isFull: true, servicePort: servicePort), as: id)
                } catch {
                    edit.violations.add(Violations(Self.details(error)), under: path)
                }
            }
        }
        if let groups = definition.groups {
            var given: Set<String> = []
            for (index, nested) in groups.enumerated() {
                let path = "\(path)/groups(\(index))"
                guard let id = child(nested.id, of: group, at: path, &edit.violations) else { continue }
                edit.violations.require(given.insert(id).inserted, path + "/id", "\(id) is given twice")
                apply(nested, to: id, at: path, &edit, servicePort: servicePort)
            }
            edit.gone.formUnion((edit.groupsIn[group] ?? []).filter { !given.contains($0) })
        }
    }

    private func child(_ text: String?, of group: String, at path: String, _ violations: inout Violations) -> String? {
        let id = DefinitionPath.resolve(text ?? "", under: group)
        guard let id, id != group, DefinitionPath.parent(of: id) == group else {
            violations.add(path + "/id", "Identifier is not child of \(group). Hint: use relative paths.")
            return nil
        }
        return id
    }

    private static func details(_ error: any Error) -> [EngineError.Detail] {
        guard let error = error as? EngineError, !error.details.isEmpty else {
            return [.init(path: "/", errors: ["\(error)"])]
        }
        return error.details
    }

    // MARK: Rules

    /// Holds the whole against the rules that no single app can break.
    /// - Throws: ``EngineError`` of code `invalid`.
    func validate() throws {
        try violations().check()
    }

    private func violations() -> Violations {
        var violations = Violations()
        violations.require(
            groups.keys.allSatisfy { apps[$0] == nil }, "", "Groups and Applications may not have the same identifier.")
        violations.require(
            apps.count <= Self.mostApps, "",
            "This Marathon instance may only handle up to \(Self.mostApps) Apps!")
        violations.require(
            groups.count <= Self.mostGroups, "", "got \(groups.count) groups, expected \(Self.mostGroups) or less")
        violations.require(layers(of: apps.keys) != nil, "", "Dependency graph has cyclic dependencies.")
        return violations
    }
}
