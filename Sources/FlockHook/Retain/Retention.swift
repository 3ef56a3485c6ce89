import FlockCore
import Marathon

/// Which of an app's old versions have to go.
struct Retention: Sendable, Hashable {
    /// How many old versions stay, besides what visitors get.
    var keep: Int

    /// How long deliveries and deploys are kept that nothing needs: longer than any forge delivers again (GitHub up to 30
    /// days by its older documentation, others less).
    static let history = Duration.seconds(31 * 86_400)
    /// How long the fetched commits of a repository that has left the settings are kept.
    static let storeGrace = Duration.seconds(7 * 86_400)
    /// How many deploys of each branch are kept whatever their age.
    static let deploysOfBranch = 20

    /// The versions of each slug, without previews.
    static func versions(_ apps: [App]) -> [Slug: [FlockApp]] {
        Dictionary(grouping: apps.compactMap(FlockApp.init).filter { $0.preview == nil }, by: \.slug)
    }

    /// The apps to delete: those beyond the newest ``keep`` by the release that had them last. What visitors get and a
    /// canary stay; whoever is awake goes to sleep first, and is looked at again.
    /// - Parameters:
    ///   - versions: of one slug, with their tasks; no previews.
    ///   - releases: of the slug, newest first.
    func superfluous(_ versions: [FlockApp], releases: [Release], record: ReleaseRecord) -> [String] {
        let served = [record.target, record.canary?.target]
        let last = Dictionary(releases.map { ($0.appID, $0.number) }) { first, _ in first }
        func age(_ app: FlockApp) -> (Int, String) { (last[app.id] ?? app.release, app.id) }
        return versions.filter { !served.contains($0.id) }.sorted { age($0) > age($1) }
            .dropFirst(keep).filter(\.isAsleep).map(\.id)
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
    /// Whether nothing of it runs or is about to.
    var isAsleep: Bool {
        app.instances == 0 && (app.tasks ?? []).isEmpty && app.deployments.isEmpty
    }
}
