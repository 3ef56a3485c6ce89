import Marathon

extension GroupTree {
    /// The apps in the order in which they have to be changed: those of a layer depend on none of the same or a later
    /// one. An app comes after its own dependencies and those of every group that it is in; a dependency on a group
    /// means all apps in it, at any depth. Dependencies on what does not exist mean nothing.
    ///
    /// Source: Marathon's RootGroup.runSpecsWithNoDependencies and DeploymentPlan.
    /// - Parameter ids: layers without one of them are left out.
    /// - Returns: each layer sorted by id; `nil` when dependencies go round.
    func layers(of ids: some Sequence<String>) -> [[String]]? {
        guard hasDependencies else {
            let known = Set(ids).filter { apps[$0] != nil }.sorted()
            return known.isEmpty ? [] : [known]
        }
        guard let depths = depths() else { return nil }
        let known = Set(ids).compactMap { id in depths[.app(id)].map { (id, $0) } }
        return Dictionary(grouping: known) { $0.1 }.sorted { $0.key < $1.key }.map { $0.value.map(\.0).sorted() }
    }

    private var hasDependencies: Bool {
        groups.values.contains { !$0.isEmpty } || apps.values.contains { $0.dependencies?.isEmpty == false }
    }

    /// A group stands for two points of time, so that a dependency of one large group on another is one edge.
    private enum Point: Hashable {
        /// The group's dependencies and those of the groups it is in are done.
        case begin(String)
        case app(String)
        /// All apps in the group are done.
        case end(String)
    }

    /// How many apps, in a chain, come before each point and are it; `nil` when dependencies go round.
    private func depths() -> [Point: Int]? {
        var after: [Point: [Point]] = [:]
        var waiting: [Point: Int] = [:]
        func edge(_ first: Point, _ second: Point) {
            after[first, default: []].append(second)
            waiting[second, default: 0] += 1
        }
        func points(of dependencies: [String]) -> [Point] {
            dependencies.flatMap { id -> [Point] in
                (apps[id] == nil ? [] : [.app(id)]) + (groups[id] == nil ? [] : [.end(id)])
            }
        }
        for (group, dependencies) in groups {
            waiting[.begin(group), default: 0] += 0
            edge(.begin(group), .end(group))
            for dependency in points(of: dependencies) { edge(dependency, .begin(group)) }
            guard group != DefinitionPath.root else { continue }
            edge(.begin(DefinitionPath.parent(of: group)), .begin(group))
            edge(.end(group), .end(DefinitionPath.parent(of: group)))
        }
        for (id, app) in apps {
            edge(.begin(DefinitionPath.parent(of: id)), .app(id))
            edge(.app(id), .end(DefinitionPath.parent(of: id)))
            for dependency in points(of: app.dependencies ?? []) { edge(dependency, .app(id)) }
        }

        var depths: [Point: Int] = [:]
        var ready = waiting.filter { $0.value == 0 }.map(\.key)
        var done = 0
        while let point = ready.popLast() {
            done += 1
            if case .app = point { depths[point, default: 0] += 1 }
            let depth = depths[point, default: 0]
            depths[point] = depth
            for next in after[point] ?? [] {
                depths[next] = max(depths[next, default: 0], depth)
                waiting[next, default: 0] -= 1
                if waiting[next] == 0 { ready.append(next) }
            }
        }
        return done == waiting.count ? depths : nil
    }
}
