import Marathon

/// What an app or a group was from a version on.
struct HistoryEntry: Codable, Sendable, Hashable {
    enum Content: Codable, Sendable, Hashable {
        case app(AppDefinition)
        case group(dependencies: [String])
        /// It was deleted.
        case gone
    }

    var id: String
    var version: String
    var content: Content
}
