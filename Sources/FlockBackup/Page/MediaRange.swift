/// One element of an `Accept` header (RFC 9110, 12.5.1).
struct MediaRange: Sendable, Hashable {
    var type: String
    /// 0 to 1; 0 means not wanted.
    var quality: Double

    init?(_ text: some StringProtocol) {
        let parts = text.lowercased().split(separator: ";").map { String($0.filter { !$0.isWhitespace }) }
        guard let type = parts.first, type.contains("/") else { return nil }
        self.type = type
        quality = 1
        if let given = parts.dropFirst().first(where: { $0.hasPrefix("q=") }) {
            guard let value = Double(given.dropFirst(2)), (0...1).contains(value) else { return nil }
            quality = value
        }
    }

    /// The type that is wanted most, the first of those that are wanted as much; `nil` when nothing is wanted.
    /// - Parameter header: the elements of all `Accept` headers.
    static func preferred(_ header: some Sequence<Substring>) -> String? {
        var best: MediaRange?
        for range in header.compactMap({ MediaRange($0) }) where range.quality > best?.quality ?? 0 { best = range }
        return best?.type
    }
}
