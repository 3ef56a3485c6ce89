/// A group as the engine keeps it. Its apps and groups are those whose ids begin with its own.
struct GroupRecord: Codable, Sendable, Hashable {
    var id: String
    /// Apps and groups that have to be up before anything of this group is started.
    var dependencies: [String] = []
    /// Of the last change in it or below it.
    var version: String
}
