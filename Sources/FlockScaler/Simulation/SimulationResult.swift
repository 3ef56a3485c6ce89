/// What a policy cost and gave in a simulation.
struct SimulationResult: Sendable, Hashable {
    /// Seconds that were simulated.
    var duration: Double
    var requests = 0
    /// Instances, those that start included, summed over time.
    var instanceSeconds = 0.0
    /// The same of an oracle that knows each second's load and needs no time to start anything.
    var oracleInstanceSeconds = 0.0
    /// The most instances that the oracle had.
    var oraclePeak = 0
    var waits = WaitHistogram()
    /// From no instance.
    var wakes = 0
    /// Of the number of instances, wakes and sleeps included.
    var changes = 0

    /// As many instances all the time as the oracle had at its peak.
    var fixedInstanceSeconds: Double { Double(oraclePeak) * duration }

    /// Of several apps.
    mutating func add(_ other: SimulationResult) {
        duration = max(duration, other.duration)
        requests += other.requests
        instanceSeconds += other.instanceSeconds
        oracleInstanceSeconds += other.oracleInstanceSeconds
        oraclePeak += other.oraclePeak
        waits.add(other.waits)
        wakes += other.wakes
        changes += other.changes
    }
}
