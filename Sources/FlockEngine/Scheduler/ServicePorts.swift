/// Gives out service ports, each only once.
struct ServicePorts: Sendable {
    /// Marathon's default range.
    private static let range = 10_000...20_000

    private var used: Set<Int>
    private var next = range.lowerBound

    init(used: Set<Int>) {
        self.used = used
    }

    /// - Parameter taken: others that are not free.
    /// - Returns: `nil` when there is none.
    mutating func take(besides taken: Set<Int>) -> Int? {
        // What is given out stays so, hence nothing before the last one has become free.
        while next <= Self.range.upperBound {
            defer { next += 1 }
            if !used.contains(next) && !taken.contains(next) { return next }
        }
        return nil
    }

    mutating func use(_ ports: [Int]) {
        used.formUnion(ports)
    }
}
