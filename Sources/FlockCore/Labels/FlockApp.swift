import Foundation
public import Marathon

/// A Marathon app that is Flock's, with its labels read.
public struct FlockApp: Sendable, Hashable {
    public var app: App
    public var slug: Slug
    /// The semantic version, or `nil` for a preview.
    public var version: AppVersion?
    public var preview: BranchSlug?
    public var release: Int
    public var extraHosts: [HostRoute]
    public var scale: ScaleOverrides
    /// `nil` for a label that cannot be understood: then the app must answer nobody.
    public var http: HTTPOptions?

    /// `nil` for an app without `FLOCK_APP`, a ``ReleaseRecord``, and one whose id or labels make no sense.
    public init?(_ app: App) {
        guard AppID.isValid(app.id), app.labels[Label.role] == nil, let slug = app.labels[Label.app].flatMap(Slug.init)
        else { return nil }
        self.app = app
        self.slug = slug
        preview = app.labels[Label.preview].map(BranchSlug.init(branch:))
        version = preview == nil ? app.labels[Label.version].flatMap { try? AppVersion($0) } : nil
        release = app.labels[Label.release].flatMap(Int.init) ?? 0
        extraHosts = (app.labels[Label.hosts] ?? "").split(separator: ",").compactMap {
            HostRoute($0.trimmingCharacters(in: .whitespaces))
        }
        scale = app.labels[Label.scale].flatMap(ScaleOverrides.init(label:)) ?? ScaleOverrides()
        http = app.labels[Label.http].map(HTTPOptions.init(label:)) ?? HTTPOptions()
    }

    public var id: String { app.id }

    public var name: AppName? {
        let group = AppName.group(of: id)
        if let preview { return AppName(slug: slug, preview: preview, group: group) }
        return version.map { AppName(slug: slug, version: $0, group: group) }
    }
}
