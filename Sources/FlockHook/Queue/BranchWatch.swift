import FlockCore
import Foundation
import Logging

/// Somebody who keeps something for branches that are deployed, such as previews.
protocol TargetObserver: Sendable {
    /// Told until it does not throw.
    func changed(_ change: TargetChange) async throws
}

/// Looks at the ends of branches, and queues what no delivery told of. A delivery may be lost, late or out of order:
/// what is deployed is always what the branch leads to.
struct BranchWatch: Sendable {
    let store: HookStore
    let source: CodeSource
    let observer: (any TargetObserver)?
    let logger: Logger

    /// - Returns: the deploys that are due.
    /// - Throws: when the repository does not answer.
    func look(at repository: KnownRepository) async throws -> [DeployRecord] {
        let targets = try await store.targets().filter { $0.repository == repository.key }
        let tips = try await source.tips(of: repository)
        var found: [DeployRecord] = []
        // Elsewhere, what a pattern fits may be older than Flock: it begins with its first push.
        let known = Set(repository.branches.keys).union(targets.map(\.branch))
        for (branch, commit) in tips.sorted(by: { $0.key < $1.key })
        where repository.isLocal || known.contains(branch) {
            let deploy = try await store.found(
                commit, on: branch, in: repository, cause: "found at the end of branch \(branch)", at: Date())
            if let deploy { found.append(deploy) }
        }
        for target in targets {
            // A branch may be there and have lost its preview, with its pull request.
            let isLeft = target.isGone && repository.environment(of: target.branch) == nil
            let isLost = tips[target.branch] == nil ? try await store.lost(target) : isLeft
            guard isLost, let observer else { continue }
            do {
                try await observer.changed(.deleted(repository: repository.key, branch: target.branch))
                try await store.forget(target)
            } catch {
                logger.warning(
                    "what branch \(target.branch) left behind is not gone: \(error)",
                    metadata: ["repository": "\(repository.key)"])
            }
        }
        return found
    }
}
