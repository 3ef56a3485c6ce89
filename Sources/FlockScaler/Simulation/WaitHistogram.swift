import Foundation

/// How long requests waited, in classes half a percent wide: percentiles of any number of them in little memory.
struct WaitHistogram: Sendable, Hashable {
    /// Seconds; less is no wait.
    private static let least = 0.0001
    private static let width = log(1.005)

    private(set) var count = 0
    private(set) var longest = 0.0
    /// The first is of those that did not wait.
    private var counts: [Int] = [0]

    mutating func add(_ seconds: Double) {
        count += 1
        longest = max(longest, seconds)
        let index = seconds < Self.least ? 0 : 1 + Int(log(seconds / Self.least) / Self.width)
        if index >= counts.count { counts += repeatElement(0, count: index + 1 - counts.count) }
        counts[index] += 1
    }

    mutating func add(_ other: WaitHistogram) {
        count += other.count
        longest = max(longest, other.longest)
        if other.counts.count > counts.count { counts += repeatElement(0, count: other.counts.count - counts.count) }
        for (index, more) in other.counts.enumerated() { counts[index] += more }
    }

    /// Those that waited at all, as a share of all.
    var waitingShare: Double { count == 0 ? 0 : Double(count - counts[0]) / Double(count) }

    /// The wait that this share of the requests did not exceed, in seconds.
    func percentile(_ share: Double) -> Double {
        let rank = Int((Double(count) * share).rounded(.up))
        var seen = 0
        for (index, number) in counts.enumerated() {
            seen += number
            guard seen >= rank, number > 0 else { continue }
            return index == 0 ? 0 : min(longest, Self.least * exp((Double(index) - 0.5) * Self.width))
        }
        return 0
    }
}
