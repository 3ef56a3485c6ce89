import Foundation
import Marathon

// What clients ask for, in terms of `deploy`.
extension Scheduler {
    /// Makes a whole definition of what the app is now, `nil` if it is new; the second argument gives a free service
    /// port that is not in the set.
    typealias Completion = (AppDefinition?, (Set<Int>) -> Int?) throws -> AppDefinition

    /// Creates or changes one app.
    /// - Parameter isNew: it must not be there yet.
    mutating func put(
        _ id: String, isNew: Bool = false, force: Bool, at now: Moment, _ complete: Completion
    ) throws -> DeploymentResult {
        let existing = apps[id].flatMap { $0.isStopping ? nil : $0 }
        if isNew && existing != nil {
            throw EngineError(code: .conflict, message: "An app with id [\(id)] already exists.")
        }
        let definition = try complete(existing?.definition) { taken in
            var ports = freeServicePorts
            return ports.take(besides: taken)
        }
        try requirePlace(for: [id: definition])
        var change = TreeChange()
        change.apps[id] = definition
        change.root = DefinitionPath.parent(of: id)
        if existing?.checks != definition.healthChecks {
            for _ in existing?.checks ?? [] { emit(.healthCheckRemoved(id, at: now)) }
        }
        let result = try deploy(change, force: force, at: now)
        if existing?.checks != definition.healthChecks {
            for check in definition.healthChecks ?? [] {
                emit(.healthCheckAdded(id, check, version: result.version, at: now))
            }
        }
        return result
    }

    /// Changes several apps in one deployment.
    mutating func put(_ definitions: [String: AppDefinition], force: Bool, at now: Moment) throws -> DeploymentResult {
        var change = TreeChange()
        try requirePlace(for: definitions)
        for (id, definition) in definitions { change.apps[id] = definition }
        return try deploy(change, force: force, at: now)
    }

    mutating func delete(_ id: String, force: Bool, at now: Moment) throws -> DeploymentResult {
        _ = try app(id)
        var change = TreeChange()
        change.apps[id] = .some(nil)
        change.root = DefinitionPath.parent(of: id)
        return try deploy(change, force: force, at: now)
    }

    mutating func restart(_ id: String, force: Bool, at now: Moment) throws -> DeploymentResult {
        var change = TreeChange()
        change.apps[id] = try app(id).definition
        change.restarts = [id]
        change.root = DefinitionPath.parent(of: id)
        return try deploy(change, force: force, at: now)
    }

    /// Ends tasks; their apps start others in their stead.
    mutating func kill(_ taskIDs: [String], at now: Moment) {
        for id in taskIDs { kill(id, at: now) }
        for app in Set(taskIDs.compactMap { tasks[$0]?.appID }).sorted() { step(app, at: now) }
    }

    /// Ends tasks, and their apps go on with so many fewer.
    mutating func killAndScale(_ taskIDs: [String], force: Bool, at now: Moment) throws -> DeploymentResult {
        var change = TreeChange()
        let doomed = taskIDs.compactMap { tasks[$0] }.filter { $0.state != .killing }
        for (id, tasks) in Dictionary(grouping: doomed, by: \.appID) {
            var definition = try app(id).definition
            definition.instances = max(0, (definition.instances ?? 1) - tasks.count)
            change.apps[id] = definition
        }
        if change.apps.count == 1, let id = change.apps.keys.first { change.root = DefinitionPath.parent(of: id) }
        // Before the deployment looks for others to end.
        let (before, told) = (tasks, (effects, changes))
        for task in doomed { kill(task.id, at: now) }
        do {
            return try deploy(change, force: force, at: now)
        } catch {
            tasks = before
            (effects, changes) = told
            throw error
        }
    }

    /// Holds apps against the rules that none of them can break alone.
    private func requirePlace(for definitions: [String: AppDefinition]) throws {
        for id in definitions.keys.sorted() { try requireNoGroup(id) }
        // The whole tree is looked at only where something of it may have become wrong.
        let isNew = definitions.keys.contains { apps[$0] == nil }
        guard isNew || definitions.values.contains(where: { $0.dependencies?.isEmpty == false }) else { return }
        var next = tree
        for (id, definition) in definitions { next.put(app: definition, as: id) }
        try next.validate()
    }

    private func requireNoGroup(_ id: String) throws {
        guard groups[id] == nil else {
            throw EngineError(
                code: .invalid, message: "Object is not valid",
                details: [.init(path: "/id", errors: ["An app with the id of the group \(id) cannot be created"])])
        }
    }

    /// Those that no app has.
    var freeServicePorts: ServicePorts { ServicePorts(used: Set(apps.values.flatMap(\.definition.servicePorts))) }
}
