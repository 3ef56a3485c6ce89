import FlockCore
import Marathon

/// Which of an app's old versions have to go.
struct Retention: Sendable, Hashable {
    /// How many old versions stay, besides what visitors get.
    var keep: Int

    /// The apps of a slug to delete: those beyond the newest ``keep`` by the release that had them last. What visitors
    /// get, a canary, previews and versions that are awake stay; whoever is awake goes to sleep first, and is looked at again.
    /// - Parameters:
    ///   - apps: with their tasks.
    ///   - releases: newest first, of the slug.
    func superfluous(_ apps: [App], of slug: Slug, releases: [Release], record: ReleaseRecord) -> [String] {
        let served = [record.target, record.canary?.target]
        let old = apps.compactMap(FlockApp.init).filter { app in
            app.slug == slug && app.preview == nil && !served.contains(app.id)
        }
        let last = Dictionary(releases.map { ($0.appID, $0.number) }) { first, _ in first }
        func age(_ app: FlockApp) -> (Int, String) { (last[app.id] ?? app.release, app.id) }
        return old.sorted { age($0) > age($1) }.dropFirst(keep).filter(\.isAsleep).map(\.id)
    }

    /// The deploys whose code stays, so that a release that was replaced in place can be had again: that of the
    /// present release, and of as many before it.
    /// - Parameter releases: newest first, of one slug.
    func kept(_ releases: [Release], current: Int?) -> Set<Int64> {
        var kept: [Int64] = releases.filter { $0.number == current }.map(\.deploy)
        for release in releases where !kept.contains(release.deploy) && kept.count <= keep {
            kept.append(release.deploy)
        }
        return Set(kept)
    }
}

extension FlockApp {
    fileprivate var isAsleep: Bool {
        app.instances == 0 && (app.tasks ?? []).isEmpty && app.deployments.isEmpty
    }
}
