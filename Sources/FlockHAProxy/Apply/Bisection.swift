/// Finds which of many make a whole unsound.
enum Bisection {
    /// Tries halves, and halves of halves, each beside what is known to be sound: two that are at odds with each other
    /// cost one of them. One culprit among n takes about 2 log₂ n trials.
    /// - Parameter isSound: whether the whole is sound with these alone; it has to be with none.
    /// - Returns: those without which the rest is sound.
    static func culprits<Element: Sendable>(
        among suspects: [Element], isolation: isolated (any Actor)? = #isolation,
        isSound: ([Element]) async throws -> Bool
    ) async rethrows -> [Element] {
        var sound: [Element] = []
        var culprits: [Element] = []
        var parts = suspects.isEmpty ? [] : [suspects[...]]
        while let part = parts.popLast() {
            if try await isSound(sound + part) {
                sound += part
            } else if part.count == 1 {
                culprits += part
            } else {
                let middle = part.startIndex + part.count / 2
                parts += [part[middle...], part[..<middle]]
            }
        }
        return culprits
    }
}
