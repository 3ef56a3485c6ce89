/// What a box may use, as what is written into its control groups.
/// Source: the kernel's admin-guide/cgroup-v1 and cgroup-v2; the smallest values are Mesos' cgroups isolator's.
struct BoxLimits: Sendable, Hashable {
    enum Controller: String, Sendable, CaseIterable { case memory, cpu, pids }
    enum Version: Sendable { case v1, v2 }

    /// A value for a file of the group.
    struct Setting: Sendable, Hashable {
        var file: String
        var value: String
        /// Left out where the kernel has no such file, as without swap accounting.
        var isOptional = false
    }

    static let processes = 512
    static let files = 65_536
    private static let period = 100_000

    /// Bytes, swap included. Less than 32 MiB would not even bear the box.
    let memory: Int
    /// Microseconds of processor time in each period of 100 ms, at least 1 ms.
    let quota: Int
    /// Shares of cores, by which those are divided that several boxes want.
    private let cpus: Double

    /// - Parameter isStarting: a task may use a whole core to come up.
    init(cpus: Double, mem: Double, isStarting: Bool = false) {
        memory = Int(min(max(mem.rounded(.up), 32), 1e9)) << 20
        self.cpus = min(max(cpus, 0), 1e6)
        quota = Int(min(max(((isStarting ? max(cpus, 1) : cpus) * Double(Self.period)).rounded(), 1000), 1e9))
    }

    /// What all boxes together weigh beside the machine's other processes: as much as a process on each core. Left to
    /// itself, the kernel has them weigh as one process, and what starts waits behind everything else that runs.
    static func weight(cores: Int, _ version: Version) -> Setting {
        switch version {
        case .v1: Setting(file: "cpu.shares", value: "\(min(max(cores, 1) * 1024, 262_144))")
        case .v2: Setting(file: "cpu.weight", value: "\(min(max(cores, 1) * 100, 10_000))")
        }
    }

    func settings(_ controller: Controller, _ version: Version) -> [Setting] {
        switch (controller, version) {
        case (.memory, .v1):
            // In this order: memory and swap together may not be less than memory.
            [
                Setting(file: "memory.limit_in_bytes", value: "\(memory)"),
                Setting(file: "memory.memsw.limit_in_bytes", value: "\(memory)", isOptional: true),
            ]
        case (.memory, .v2):
            [
                Setting(file: "memory.max", value: "\(memory)"),
                Setting(file: "memory.swap.max", value: "0", isOptional: true),
            ]
        case (.cpu, .v1):
            [
                Setting(file: "cpu.cfs_period_us", value: "\(Self.period)"),
                Setting(file: "cpu.cfs_quota_us", value: "\(quota)"),
                Setting(file: "cpu.shares", value: "\(Int(min(max(cpus * 1024, 2), 262_144)))", isOptional: true),
            ]
        case (.cpu, .v2):
            [
                Setting(file: "cpu.max", value: "\(quota) \(Self.period)"),
                Setting(file: "cpu.weight", value: "\(Int(min(max(cpus * 100, 1), 10_000)))", isOptional: true),
            ]
        case (.pids, _): [Setting(file: "pids.max", value: "\(Self.processes)")]
        }
    }
}
