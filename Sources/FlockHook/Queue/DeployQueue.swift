/// Which deploys begin now: one of each lane at a time, and no more at once than there are builders for those that
/// have to be fetched, read and built. What Marathon has already only waits for Marathon, and takes no builder.
///
/// A lane is what changes one app in one environment: production of a program, or one branch of its previews. Which app
/// that is, package.json says later; but a name belongs to one program.
enum DeployQueue {
    /// - Parameters:
    ///   - unfinished: oldest first.
    ///   - running: the lanes of the deploys that are worked on.
    static func next(_ unfinished: [DeployRecord], running: [Int64: String], builders: Int) -> [DeployRecord] {
        var lanes = Set(running.values)
        let submitted = Set(unfinished.filter(\.state.isSubmitted).map(\.id))
        // One that was cancelled is not among the unfinished, but may have work to stop.
        var free = builders - running.keys.count { !submitted.contains($0) }
        var next: [DeployRecord] = []
        for deploy in unfinished where running[deploy.id] == nil && !lanes.contains(deploy.lane) {
            // Whoever is first in a lane keeps the others waiting, though it waits for a builder itself.
            lanes.insert(deploy.lane)
            if !deploy.state.isSubmitted {
                guard free > 0 else { continue }
                free -= 1
            }
            next.append(deploy)
        }
        return next
    }
}

extension DeployRecord {
    var lane: String { environment == "preview" ? "\(repository) \(ref)" : repository }
}
