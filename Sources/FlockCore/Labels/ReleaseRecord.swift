public import Marathon

/// What a slug serves now, kept in Marathon as an app of no instances, `/flock/release/<slug>`: every
/// flock-haproxy learns it from Marathon alone, a rollback can point at an old app, and changing the labels of
/// an app that never runs restarts nothing.
public struct ReleaseRecord: Sendable, Hashable {
    public var slug: Slug
    public var number: Int
    /// The id of the app that the slug serves.
    public var target: String
    public var canary: Canary?

    /// Another app of the slug, which a share of the visitors gets.
    public struct Canary: Codable, Sendable, Hashable {
        public static let percents = 1...99

        public var target: String
        public var percent: Int

        public init(target: String, percent: Int) {
            self.target = target
            self.percent = percent
        }
    }

    public init(slug: Slug, number: Int, target: String, canary: Canary? = nil) {
        self.slug = slug
        self.number = number
        self.target = target
        self.canary = canary
    }

    public static func id(for slug: Slug) -> String { "/flock/release/\(slug)" }

    /// `nil` for any other app.
    public init?(_ app: App) {
        guard app.labels[Label.role] == "release", let slug = app.labels[Label.app].flatMap(Slug.init),
            app.id == Self.id(for: slug), let number = app.labels[Label.release].flatMap(Int.init),
            let target = app.labels[Label.target]
        else { return nil }
        self.init(slug: slug, number: number, target: target)
        if let other = app.labels[Label.canary], AppID.isValid(other),
            let percent = app.labels[Label.canaryPercent].flatMap(Int.init), Canary.percents.contains(percent)
        {
            canary = Canary(target: other, percent: percent)
        }
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
        if let canary {
            definition.labels?[Label.canary] = canary.target
            definition.labels?[Label.canaryPercent] = String(canary.percent)
        }
        return definition
    }
}
