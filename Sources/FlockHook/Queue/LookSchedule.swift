/// Which repository is looked at next: of those that are due, the one that has waited longest, so that each gets its turn
/// however many there are.
struct LookSchedule: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Looks at a time: one repository that stalls does not keep the others waiting.
    static let limit = 4

    private var due: [String: Instant] = [:]
    private var looking: Set<String> = []

    /// - Parameter pauses: of all repositories, by key.
    mutating func next(of pauses: [String: Duration], at now: Instant) -> String? {
        guard looking.count < Self.limit else { return nil }
        let waiting = pauses.keys.filter { !looking.contains($0) && (due[$0] ?? now) <= now }
        // One that was never looked at has waited longest.
        let next = waiting.min { left, right in
            switch (due[left], due[right]) {
            case (let left?, let right?): left < right
            case (nil, nil): left < right
            case (let left, _): left == nil
            }
        }
        guard let next, let pause = pauses[next] else { return nil }
        due[next] = now + pause
        looking.insert(next)
        return next
    }

    mutating func ended(_ key: String) {
        looking.remove(key)
    }

    /// Has a repository looked at as soon as may be.
    mutating func hurry(_ key: String) {
        due[key] = nil
    }
}
