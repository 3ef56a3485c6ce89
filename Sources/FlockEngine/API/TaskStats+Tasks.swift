import Foundation
import Marathon

extension TaskStats {
    /// - Parameters:
    ///   - tasks: of one app.
    ///   - now: what ages are counted to.
    init(_ tasks: [TaskRecord], versions: VersionInfo, at now: Date) {
        self.init()
        func summary(_ accepts: (String) -> Bool) -> Summary? { Summary(tasks.filter { accepts($0.version) }, at: now) }
        startedAfterLastScaling = summary { $0 >= versions.lastScalingAt }
        withLatestConfig = summary { $0 >= versions.lastConfigChangeAt }
        withOutdatedConfig = summary { $0 < versions.lastConfigChangeAt }
        totalSummary = summary { _ in true }
    }
}

extension TaskStats.Summary {
    /// `nil` of no task.
    fileprivate init?(_ tasks: [TaskRecord], at now: Date) {
        guard !tasks.isEmpty else { return nil }
        let ages = tasks.compactMap { task in task.startedAt.map { max(0, now.timeIntervalSince($0)) } }.sorted()
        let median = ages.isEmpty ? 0 : (ages[(ages.count - 1) / 2] + ages[ages.count / 2]) / 2
        self.init(
            counts: TaskStats.Counts(tasks),
            lifeTime: ages.isEmpty
                ? nil : .init(averageSeconds: ages.reduce(0, +) / Double(ages.count), medianSeconds: median))
    }
}

extension TaskStats.Counts {
    /// Tasks without checks are neither healthy nor not.
    init(_ tasks: [TaskRecord]) {
        let checked = tasks.filter { $0.state == .running && !$0.health.isEmpty }
        self.init(
            staged: tasks.count { $0.state == .staging || $0.state == .starting },
            running: tasks.count { $0.state == .running },
            healthy: checked.count { $0.health.allSatisfy { $0.alive == true } },
            unhealthy: checked.count { $0.health.contains { $0.alive == false } })
    }
}
