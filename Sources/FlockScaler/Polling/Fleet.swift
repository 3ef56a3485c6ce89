import FlockCore
import Marathon

/// Marathon's apps as the scaler sees them: what is made of an app is made once, not at each look, and of ten thousand
/// only what is decided by is kept.
struct Fleet: Sendable {
    /// An app that is Flock's.
    struct Member: Sendable {
        let id: String
        let slug: Slug
        let isPreview: Bool
        let release: Int
        let instances: Int
        /// Tasks that run.
        let ready: Int
        let isDeploying: Bool
        private let overrides: ScaleOverrides
        private(set) var policy: ScalePolicy
        private(set) var rules: ScaleRules
        /// Its slug serves it now, as a canary too. Former versions and previews are kept awake, and woken, by those who
        /// ask for them only: neither by the calendar nor by the least.
        fileprivate(set) var isReleased = false { didSet { if isReleased != oldValue { follow() } } }
        /// HAProxy's name of it.
        fileprivate(set) var backend = ""

        fileprivate init(_ app: FlockApp, _ settings: Settings.Scaler) {
            id = app.id
            slug = app.slug
            isPreview = app.preview != nil
            release = app.release
            instances = app.app.instances
            ready = (app.app.tasks ?? []).count { $0.isRunning }
            isDeploying = app.app.isBeingChanged
            overrides = app.scale
            policy = ScalePolicy(settings, overrides)
            rules = ScaleRules(policy)
            follow()
        }

        fileprivate mutating func follow(_ settings: Settings.Scaler) {
            policy = ScalePolicy(settings, overrides)
            follow()
        }

        private mutating func follow() {
            var policy = policy
            if !isReleased { policy.min = 0 }
            rules = ScaleRules(policy)
        }

        /// Whether there is anything to decide: most apps are asleep, and only a visitor can wake them.
        fileprivate var isWatched: Bool { instances > 0 || isReleased && (policy.min > 0 || !policy.awake.isEmpty) }

        /// Whether its slug may serve another one than with this in its place.
        fileprivate func isReleased(as other: Member?) -> Bool {
            slug == other?.slug && isPreview == other?.isPreview && release == other?.release
        }
    }

    private(set) var members: [String: Member] = [:]
    /// Of the members, those that are awake, or that the calendar or their least may wake.
    private(set) var watched: Set<String> = []
    /// Another number when an app is new or gone.
    private(set) var generation = 0
    /// Flock's own parts that run as apps.
    private var partApps: [String: App] = [:]
    private var records: [String: ReleaseRecord] = [:]
    /// What each slug serves.
    private var current: [Slug: String] = [:]
    private var settings: Settings.Scaler?

    var parts: [App] { Array(partApps.values) }

    /// All of Marathon's apps.
    mutating func replace(with all: [App], _ settings: Settings.Scaler) {
        self.settings = settings
        (members, partApps, records) = ([:], [:], [:])
        for app in all {
            members[app.id] = Self.member(app, settings)
            records[app.id] = ReleaseRecord(app)
            if PartNodes.isPart(app) { partApps[app.id] = app }
        }
        name()
        markReleased()
    }

    /// - Parameter app: `nil` when it is gone.
    mutating func update(_ id: String, to app: App?, _ settings: Settings.Scaler) {
        let (former, record) = (members[id], records[id])
        var member = app.flatMap { Self.member($0, settings) }
        member?.backend = former?.backend ?? ""
        member?.isReleased = former?.isReleased ?? false
        members[id] = member
        records[id] = app.flatMap(ReleaseRecord.init)
        partApps[id] = app.flatMap { PartNodes.isPart($0) ? $0 : nil }
        watch(id)
        if (former == nil) != (member == nil) { name() }
        let isReleasedAlike = member?.isReleased(as: former) ?? (former == nil)
        if !isReleasedAlike || record != records[id] { markReleased() }
    }

    /// Other settings, other policies.
    mutating func follow(_ settings: Settings.Scaler) {
        guard self.settings != settings else { return }
        self.settings = settings
        for id in Array(members.keys) {
            members[id]?.follow(settings)
            watch(id)
        }
    }

    /// - Parameter name: an id with or without its slash, or a slug, which stands for the app that it serves.
    func member(named name: String) -> Member? {
        members[name] ?? members["/\(name)"] ?? Slug(name).flatMap { current[$0] }.flatMap { members[$0] }
    }

    private static func member(_ app: App, _ settings: Settings.Scaler) -> Member? {
        FlockApp(app).map { Member($0, settings) }
    }

    private mutating func watch(_ id: String) {
        if members[id]?.isWatched == true { watched.insert(id) } else { watched.remove(id) }
    }

    /// Names depend on all ids: two that are alike get a hash each.
    private mutating func name() {
        generation += 1
        for (id, name) in BackendNames.of(members.keys) { members[id]?.backend = name }
    }

    private mutating func markReleased() {
        let targets = Dictionary(records.values.map { ($0.slug, $0.target) }) { first, _ in first }
        let versions = members.values.filter { !$0.isPreview }
        current = Dictionary(grouping: versions, by: \.slug).compactMapValues { apps in
            // As flock-haproxy has it: where nobody keeps records, the newest.
            apps.first { $0.id == targets[$0.slug] }?.id
                ?? apps.max { ($0.release, $0.id) < ($1.release, $1.id) }?.id
        }
        let released = Set(current.values).union(records.values.compactMap { $0.canary?.target })
        watched = []
        for id in Array(members.keys) {
            members[id]?.isReleased = released.contains(id)
            watch(id)
        }
    }
}
