import FlockCore
import Foundation
import Marathon

/// What the scaler tells about an app.
struct Activity: Decodable, Sendable {
    var app: String
    var lastRequest: Date?
}

/// What flock-haproxy tells about an app that nobody is let in to.
struct ClosedApp: Decodable, Sendable {
    var app: String
    var reason: String
}

/// One line of `flock apps`.
struct AppRow: Encodable, Sendable {
    var slug: String
    var version: String
    /// The number of the release that serves this app; `nil` when its slug serves another one.
    var release: Int?
    /// asleep, waking, awake, failing or closed.
    var state: String
    /// Why nobody is let in.
    var closedBecause: String?
    var instances: Int
    var lastRequest: Date?
    var url: String
    var id: String

    static func rows(
        _ apps: [App], _ activities: [Activity], _ closed: [ClosedApp], settings: Settings
    ) -> [AppRow] {
        let reasons = Dictionary(closed.map { ($0.app, $0.reason) }) { first, _ in first }
        let records = Dictionary(apps.compactMap(ReleaseRecord.init).map { ($0.target, $0) }) { first, _ in first }
        let lastRequests = Dictionary(activities.map { ($0.app, $0.lastRequest) }) { first, _ in first }
        return apps.compactMap(FlockApp.init).compactMap { app in
            guard let name = app.name else { return nil }
            let record = records[app.id]
            let isCurrent = record?.slug == app.slug
            let host = isCurrent ? "\(app.slug).\(settings.domain)" : name.ownHosts(domain: settings.domain.text)[0]
            return AppRow(
                slug: app.slug.text, version: app.version?.idText ?? app.preview?.text ?? "",
                release: isCurrent ? record?.number : nil,
                state: reasons[app.id] == nil ? state(of: app.app) : "closed",
                closedBecause: reasons[app.id], instances: app.app.instances,
                lastRequest: lastRequests[app.id] ?? nil, url: settings.url(host: host), id: app.id)
        }
        .sorted { ($0.slug, $0.id) < ($1.slug, $1.id) }
    }

    private static func state(of app: App) -> String {
        guard app.instances > 0 else { return "asleep" }
        let serves = app.definition.healthChecks?.isEmpty == false ? app.tasksHealthy > 0 : app.tasksRunning > 0
        if serves { return "awake" }
        return app.lastTaskFailure.map { $0.version >= app.version } == true ? "failing" : "waking"
    }
}
