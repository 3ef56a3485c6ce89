/// What a machine has, or a task takes.
struct Resources: Codable, Sendable, Hashable {
    /// Shares of cores.
    var cpus: Double
    /// MiB.
    var mem: Double
    /// MiB.
    var disk: Double
    /// Host ports, in ascending ranges that do not overlap.
    var ports: [ClosedRange<Int>]

    init(cpus: Double = 0, mem: Double = 0, disk: Double = 0, ports: [ClosedRange<Int>] = []) {
        self.cpus = cpus
        self.mem = mem
        self.disk = disk
        self.ports = ports
    }
}
