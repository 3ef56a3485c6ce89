/// What a machine has, what its tasks hold of it, and so what is free. Never gives more than there is.
struct Allotment: Sendable {
    /// A port on which a stranger was found is left alone for this long.
    static let avoidance = Duration.seconds(60)

    /// May become less than what is held, when settings change; then nothing is free.
    var total: Resources
    private var held: [String: Resources] = [:]
    private var strangers: [Int: Duration] = [:]

    init(total: Resources) {
        self.total = total
    }

    func free(at now: Duration) -> Resources {
        var free = total
        var taken = Set(strangers.filter { $0.value > now }.keys)
        for resources in held.values {
            free.cpus -= resources.cpus
            free.mem -= resources.mem
            free.disk -= resources.disk
            taken.formUnion(resources.ports.joined())
        }
        free.cpus = max(0, free.cpus)
        free.mem = max(0, free.mem)
        free.disk = max(0, free.disk)
        free.ports = Self.ranges(of: total.ports.joined().filter { !taken.contains($0) })
        return free
    }

    /// Takes what a task wants.
    /// - Returns: what it lacks, or `nil` when all was free and now is the task's.
    mutating func take(_ wanted: Resources, for taskID: String, at now: Duration) -> String? {
        let free = free(at: now)
        let ports = wanted.ports.joined()
        // Sums of shares such as 0.1 are off by less than this.
        let slack = 1e-6
        if wanted.cpus > free.cpus + slack { return "cpus" }
        if wanted.mem > free.mem + slack { return "mem" }
        if wanted.disk > free.disk + slack { return "disk" }
        if Set(ports).count != ports.count || !Set(ports).isSubset(of: free.ports.joined()) { return "ports" }
        hold(wanted, for: taskID)
        return nil
    }

    /// For a task that runs already, whether or not there is enough.
    mutating func hold(_ resources: Resources, for taskID: String) {
        held[taskID] = resources
    }

    mutating func release(_ taskID: String) {
        held[taskID] = nil
    }

    /// Somebody who is none of the tasks listens there.
    mutating func avoid(_ port: Int, at now: Duration) {
        strangers = strangers.filter { $0.value > now }
        strangers[port] = now + Self.avoidance
    }

    private static func ranges(of ports: [Int]) -> [ClosedRange<Int>] {
        ports.sorted().reduce(into: []) { ranges, port in
            if let last = ranges.last, last.upperBound + 1 == port {
                ranges[ranges.count - 1] = last.lowerBound...port
            } else {
                ranges.append(port...port)
            }
        }
    }
}
