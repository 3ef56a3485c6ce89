import FlockCore
import Marathon

/// Marathon's apps as the scaler sees them: what is made of an app is made once, not at each look.
struct Fleet: Sendable {
    /// An app that is Flock's.
    struct Member: Sendable {
        var app: FlockApp
        private(set) var rules: ScaleRules
        var policy: ScalePolicy { didSet { follow() } }
        /// Its slug serves it now, as a canary too. Former versions and previews are kept awake, and woken, by those who
        /// ask for them only: neither by the calendar nor by the least.
        var isReleased = false { didSet { if isReleased != oldValue { follow() } } }
        /// HAProxy's name of it.
        var backend = ""

        var instances: Int { app.app.instances }
        var ready: Int { (app.app.tasks ?? []).count { $0.isRunning } }
        var isDeploying: Bool { app.app.isBeingChanged }

        init(_ app: FlockApp, _ policy: ScalePolicy) {
            self.app = app
            self.policy = policy
            rules = ScaleRules(policy)
            follow()
        }

        private mutating func follow() {
            var policy = policy
            if !isReleased { policy.min = 0 }
            rules = ScaleRules(policy)
        }
    }

    private(set) var members: [String: Member] = [:]
    /// All, those that are not Flock's included.
    private(set) var apps: [String: App] = [:]
    /// What each slug serves.
    private var current: [Slug: String] = [:]
    private var settings: Settings.Scaler?

    /// All of Marathon's apps.
    mutating func replace(with all: [App], _ settings: Settings.Scaler) {
        apps = Dictionary(all.map { ($0.id, $0) }) { first, _ in first }
        self.settings = settings
        members = apps.compactMapValues { Self.member($0, settings) }
        name()
        markReleased()
    }

    /// - Parameter app: `nil` when it is gone.
    mutating func update(_ id: String, to app: App?, _ settings: Settings.Scaler) {
        let wasKnown = members[id] != nil
        let labels = apps[id]?.labels
        apps[id] = app
        let (backend, isReleased) = (members[id]?.backend ?? "", members[id]?.isReleased ?? false)
        members[id] = app.flatMap { Self.member($0, settings) }
        members[id]?.backend = backend
        members[id]?.isReleased = isReleased
        if wasKnown != (members[id] != nil) { name() }
        // What is released, labels alone say.
        if labels != app?.labels { markReleased() }
    }

    /// Other settings, other policies.
    mutating func follow(_ settings: Settings.Scaler) {
        guard self.settings != settings else { return }
        self.settings = settings
        for (id, member) in members {
            members[id]?.policy = ScalePolicy(settings, member.app.scale)
        }
    }

    /// - Parameter name: an id with or without its slash, or a slug, which stands for the app that it serves.
    func member(named name: String) -> Member? {
        members[name] ?? members["/\(name)"] ?? Slug(name).flatMap { current[$0] }.flatMap { members[$0] }
    }

    private static func member(_ app: App, _ settings: Settings.Scaler) -> Member? {
        guard let app = FlockApp(app) else { return nil }
        return Member(app, ScalePolicy(settings, app.scale))
    }

    /// Names depend on all ids: two that are alike get a hash each.
    private mutating func name() {
        for (id, name) in BackendNames.of(members.keys) { members[id]?.backend = name }
    }

    private mutating func markReleased() {
        let records = apps.values.compactMap(ReleaseRecord.init)
        let targets = Dictionary(records.map { ($0.slug, $0.target) }) { first, _ in first }
        let versions = members.values.map(\.app).filter { $0.preview == nil }
        current = Dictionary(grouping: versions, by: \.slug).compactMapValues { apps in
            // As flock-haproxy has it: where nobody keeps records, the newest.
            apps.first { $0.id == targets[$0.slug] }?.id
                ?? apps.max { ($0.release, $0.id) < ($1.release, $1.id) }?.id
        }
        let released = Set(current.values).union(records.compactMap { $0.canary?.target })
        for id in Array(members.keys) { members[id]?.isReleased = released.contains(id) }
    }
}
