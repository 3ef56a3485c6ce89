import Foundation
import Marathon

/// What apps and groups shall be: the one way to change them.
struct TreeChange: Sendable, Hashable {
    /// `nil`: the app goes.
    var apps: [String: AppDefinition?] = [:]
    /// Dependencies; `nil`: the group goes.
    var groups: [String: [String]?] = [:]
    /// Apps whose tasks are replaced though nothing differs.
    var restarts: Set<String> = []
    /// The group that the change is told of.
    var root = "/"
}

extension Scheduler {
    /// Makes the change the target and begins to carry it out.
    /// - Parameter force: cancels deployments that are in the way.
    /// - Throws: ``EngineError`` `locked` with the deployments that are in the way; `busy`.
    mutating func deploy(_ change: TreeChange, force: Bool, at now: Moment) throws -> DeploymentResult {
        let plan = plan(change)
        let affected = Set(plan.steps.joined().map(\.app))
        let inTheWay = Set(affected.compactMap { holders[$0] })
        guard inTheWay.isEmpty || force else {
            throw EngineError(
                code: .locked,
                message: "App is locked by one or more deployments. Override with the option '?force=true'. "
                    + "View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
                deployments: inTheWay.sorted())
        }
        guard deployments.count - inTheWay.count < Self.maxDeployments else {
            throw EngineError(
                code: .busy, message: "Max number (\(Self.maxDeployments)) of running deployments reached")
        }
        let groupsDiffer = change.groups.contains { id, dependencies in groups[id]?.dependencies != dependencies }
        guard !affected.isEmpty || groupsDiffer else {
            // Nothing to do is done at once, and is no new version.
            let single = change.apps.count == 1 ? change.apps.keys.first.flatMap { apps[$0]?.version } : nil
            let deployment = DeploymentRecord(
                id: UUID().uuidString.lowercased(), version: single ?? groups["/"]?.version ?? lastVersion, steps: [])
            emit(.deployment(deployment, "deployment_success", at: now))
            return DeploymentResult(version: deployment.version, deploymentId: deployment.id)
        }
        for id in inTheWay.sorted() { cancel(id, at: now) }
        let version = nextVersion(at: now)
        var deployment = DeploymentRecord(id: UUID().uuidString.lowercased(), version: version, steps: plan.steps)
        deployment.originalVersion = groups[DefinitionPath.root]?.version
        deployment.originalApps = affected.sorted().compactMap { apps[$0] }.filter { !$0.isStopping }
        deployment.groups = Set(change.groups.keys)
        deployment.originalGroups = change.groups.keys.sorted().compactMap { groups[$0] }
        apply(change, affected: affected, version: version)
        emit(.groupChanged(change.root, version: version, at: now))
        deployments[deployment.id] = deployment
        changes.deployments.insert(deployment.id)
        for id in affected { holders[id] = deployment.id }
        if deployment.steps.isEmpty {
            advance(deployment.id, at: now)
        } else {
            begin(deployment, at: now)
        }
        return DeploymentResult(version: version, deploymentId: deployment.id)
    }

    /// What ``deploy(_:force:at:)`` would do.
    func plan(_ change: TreeChange) -> DeploymentPlan {
        var changes: [String: DeploymentPlan.Change] = [:]
        for (id, new) in change.apps {
            let existing = apps[id].flatMap { $0.isStopping ? nil : $0 }
            if existing == nil && new == nil { continue }
            changes[id] = .init(old: existing?.definition, new: new, isRestart: change.restarts.contains(id))
        }
        // One app alone is in order however it depends.
        guard changes.count > 1 else { return DeploymentPlan(changes) { [$0] } }
        var after = apps.compactMapValues { $0.isStopping ? nil : $0.definition }
        for (id, change) in changes { after[id] = change.new }
        var groups = groups.mapValues(\.dependencies)
        for (id, dependencies) in change.groups { groups[id] = dependencies }
        let tree = GroupTree(groups: groups, apps: after)
        return DeploymentPlan(changes) { tree.layers(of: $0) ?? [$0] }
    }

    private mutating func apply(_ change: TreeChange, affected: Set<String>, version: String) {
        for (id, dependencies) in change.groups {
            groups[id] = dependencies.map { GroupRecord(id: id, dependencies: $0, version: version) }
            changes.groups.insert(id)
            changes.history.append(
                .init(id: id, version: version, content: dependencies.map { .group(dependencies: $0) } ?? .gone))
        }
        for id in affected.sorted() {
            guard let new = change.apps[id] ?? nil else {
                apps[id]?.isStopping = true
                changes.apps.insert(id)
                changes.history.append(.init(id: id, version: version, content: .gone))
                continue
            }
            if var app = apps[id], !app.isStopping {
                let step = DeploymentPlan.Change(
                    old: app.definition, new: new, isRestart: change.restarts.contains(id))
                app.definition = new
                app.version = version
                if step.isScale {
                    app.scaledVersion = version
                } else {
                    app.configVersion = version
                    forgetDelay(of: id)
                    app.backoff = nil
                }
                apps[id] = app
            } else {
                apps[id] = AppRecord(definition: new, version: version, configVersion: version)
                delays[id] = nil
            }
            changes.apps.insert(id)
            changes.history.append(.init(id: id, version: version, content: .app(new)))
            for group in DefinitionPath.ancestors(of: id) where groups[group] == nil {
                groups[group] = GroupRecord(id: group, version: version)
                changes.groups.insert(group)
                changes.history.append(.init(id: group, version: version, content: .group(dependencies: [])))
            }
        }
        // A group's version is that of the last change below it.
        for id in affected.union(change.groups.keys) {
            for group in DefinitionPath.ancestors(of: id)
            where groups[group] != nil && groups[group]?.version != version {
                groups[group]?.version = version
                changes.groups.insert(group)
            }
        }
    }

    // MARK: Cancelling

    /// Ends a deployment where it stands.
    mutating func cancel(_ id: String, at now: Moment) {
        guard let deployment = deployments.removeValue(forKey: id) else { return }
        changes.deployments.insert(id)
        for app in deployment.apps where holders[app] == id { holders[app] = nil }
        emit(.deployment(deployment, "deployment_failed", reason: "The upgrade has been cancelled", at: now))
        // What it was about to stop goes all the same: nothing else would ever end it.
        for app in deployment.apps where apps[app] != nil { converge(app, at: now) }
    }

    /// A deployment back to what was before another.
    mutating func revert(_ id: String, at now: Moment) throws -> DeploymentResult {
        guard let deployment = deployments[id] else {
            throw EngineError(code: .notFound, message: "DeploymentPlan \(id) does not exist")
        }
        var change = TreeChange()
        for app in deployment.apps { change.apps[app] = .some(nil) }
        for app in deployment.originalApps { change.apps[app.id] = app.definition }
        let own = deployment.apps.union(deployment.groups)
        for group in deployment.groups {
            // What others have put into it meanwhile stays in it.
            let isShared = (apps.values.filter { !$0.isStopping }.map(\.id) + groups.keys).contains {
                DefinitionPath.isBelow($0, group) && !own.contains($0)
            }
            if !isShared { change.groups[group] = .some(nil) }
        }
        for group in deployment.originalGroups { change.groups[group.id] = group.dependencies }
        return try deploy(change, force: true, at: now)
    }
}
