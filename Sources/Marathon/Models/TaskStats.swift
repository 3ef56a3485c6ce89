/// How the tasks of an app are doing, by the version that they run. Statistics of no task are absent.
///
/// Source: Marathon's TaskStatsByVersion.
public struct TaskStats: Codable, Sendable, Hashable {
    public var startedAfterLastScaling: Summary?
    public var withLatestConfig: Summary?
    public var withOutdatedConfig: Summary?
    public var totalSummary: Summary?

    public init() {}

    public struct Summary: Codable, Sendable, Hashable {
        public var stats: Stats

        public init(counts: Counts, lifeTime: LifeTime?) {
            stats = Stats(counts: counts, lifeTime: lifeTime)
        }
    }

    public struct Stats: Codable, Sendable, Hashable {
        public var counts: Counts
        /// Absent while none has started.
        public var lifeTime: LifeTime?
    }

    public struct Counts: Codable, Sendable, Hashable {
        public var staged: Int
        public var running: Int
        public var healthy: Int
        public var unhealthy: Int

        public init(staged: Int, running: Int, healthy: Int, unhealthy: Int) {
            self.staged = staged
            self.running = running
            self.healthy = healthy
            self.unhealthy = unhealthy
        }
    }

    /// Since the tasks started.
    public struct LifeTime: Codable, Sendable, Hashable {
        public var averageSeconds: Double
        public var medianSeconds: Double

        public init(averageSeconds: Double, medianSeconds: Double) {
            self.averageSeconds = averageSeconds
            self.medianSeconds = medianSeconds
        }
    }
}
