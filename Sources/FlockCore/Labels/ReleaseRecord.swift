public import Marathon

/// What a slug serves now, kept in Marathon as an app of no instances, `/flock/release/<slug>`: every
/// flock-haproxy learns it from Marathon alone, a rollback can point at an old app, and changing the labels of
/// an app that never runs restarts nothing.
public struct ReleaseRecord: Sendable, Hashable {
    public var slug: Slug
    public var number: Int
    /// The id of the app that the slug serves.
    public var target: String

    public init(slug: Slug, number: Int, target: String) {
        self.slug = slug
        self.number = number
        self.target = target
    }

    public static func id(for slug: Slug) -> String { "/flock/release/\(slug)" }

    /// `nil` for any other app.
    public init?(_ app: App) {
        guard app.labels[Label.role] == "release", let slug = app.labels[Label.app].flatMap(Slug.init),
            app.id == Self.id(for: slug), let number = app.labels[Label.release].flatMap(Int.init),
            let target = app.labels[Label.target]
        else { return nil }
        self.init(slug: slug, number: number, target: target)
    }

    public var definition: AppDefinition {
        var definition = AppDefinition(id: Self.id(for: slug))
        definition.cmd = "exit 0"
        definition.cpus = 0.001
        definition.mem = 1
        definition.instances = 0
        definition.ports = []
        definition.labels = [
            Label.role: "release", Label.app: slug.text, Label.release: String(number), Label.target: target,
        ]
        return definition
    }
}
