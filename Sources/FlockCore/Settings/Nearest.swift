/// The word of a list that somebody most likely meant.
public enum Nearest {
    /// - Returns: `did you mean "x"?`, or the whole list where nothing is near.
    public static func hint(for word: String, among words: [String]) -> String {
        let near = words.map { ($0, distance(word.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
        if let near, near.1 <= max(1, word.count / 3) { return "did you mean \"\(near.0)\"?" }
        return "known are: \(words.sorted().joined(separator: ", "))"
    }

    /// Levenshtein distance over the first 64 characters.
    private static func distance(_ one: String, _ other: String) -> Int {
        let one = Array(one.prefix(64))
        let other = Array(other.prefix(64))
        var row = Array(0...other.count)
        for (i, a) in one.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in other.enumerated() {
                let above = row[j + 1]
                row[j + 1] = a == b ? diagonal : 1 + min(diagonal, above, row[j])
                diagonal = above
            }
        }
        return row[other.count]
    }
}
