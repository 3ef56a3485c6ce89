/// The largest of the numbers of the last while. Times are seconds.
struct SlidingMaximum: Sendable {
    /// Oldest first, each larger than those after it: the others can never be the largest again.
    private var candidates: [(at: Double, number: Int)] = []

    /// - Returns: the largest within the length, the new one included.
    mutating func add(_ number: Int, at now: Double, within length: Double) -> Int {
        while let last = candidates.last, last.number <= number { candidates.removeLast() }
        candidates.append((now, number))
        while candidates.count > 1, now - candidates[0].at > length { candidates.removeFirst() }
        return candidates[0].number
    }
}
