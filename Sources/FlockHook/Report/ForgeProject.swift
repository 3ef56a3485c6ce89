import FlockCore
import Foundation

/// A repository at a forge, and how the forge wants to be told of deploys.
struct ForgeProject: Sendable, Hashable {
    let forge: Settings.Repository.Report.Forge
    /// Such as `https://gitlab.example.org/api/v4`.
    let api: URL
    /// `owner/name`, on GitLab with groups.
    let path: String
    /// The program's in the repository; empty for the top.
    let folder: String

    /// `nil` where the settings leave it open and the repository's address does not say it.
    init?(_ report: Settings.Repository.Report, repository: String, folder: String = "") {
        let url = URL(string: repository).flatMap { $0.scheme == "https" ? $0 : nil }
        guard let api = report.api ?? url?.host.flatMap({ Self.usualAPI(of: report.forge, at: $0) }) else { return nil }
        var path = (report.project ?? url?.path ?? "").trimmingCharacters(in: ["/"])
        if path.hasSuffix(".git") { path.removeLast(4) }
        guard path.contains("/") else { return nil }
        (forge, self.api, self.path, self.folder) = (report.forge, api, path, folder)
    }

    private static func usualAPI(of forge: Settings.Repository.Report.Forge, at host: String) -> URL? {
        switch forge {
        case .github: URL(string: host == "github.com" ? "https://api.github.com" : "https://\(host)/api/v3")
        case .gitlab: URL(string: "https://\(host)/api/v4")
        case .gitea: URL(string: "https://\(host)/api/v1")
        }
    }

    // MARK: Commit statuses

    /// Sources: GitHub's "Create a commit status", GitLab's "Set commit pipeline status", Gitea's `repoCreateStatus`.
    func status(_ announcement: Announcement) -> StatusMessage? {
        var body = StatusMessage.Body()
        body.description = StatusMessage.cut(announcement.text)
        body.targetURL = announcement.url
        let name = named("flock/\(announcement.environment)")
        switch forge {
        case .github:
            body.context = name
            body.state =
                switch announcement.phase {
                case .pending: "pending"
                case .live: "success"
                case .failed: "failure"
                case .error, .dropped: "error"
                }
            return message("repos/\(escaped)/statuses/\(announcement.commit)", body)
        case .gitea:
            body.context = name
            body.state =
                switch announcement.phase {
                case .pending: "pending"
                case .live: "success"
                case .failed: "failure"
                case .error: "error"
                case .dropped: "warning"
                }
            return message("repos/\(escaped)/statuses/\(announcement.commit)", body)
        case .gitlab:
            body.name = name
            body.ref = announcement.branch
            body.state =
                switch announcement.phase {
                case .pending: "running"
                case .live: "success"
                case .failed, .error: "failed"
                case .dropped: "canceled"
                }
            return message("projects/\(escaped)/statuses/\(announcement.commit)", body)
        }
    }

    // MARK: Deployments

    /// Asks GitHub for a deployment; other forges have none. Source: GitHub's "Create a deployment".
    func deployment(_ announcement: Announcement) -> StatusMessage? {
        var body = StatusMessage.Body()
        body.ref = announcement.commit
        body.environment = environment(announcement)
        body.description = StatusMessage.cut(announcement.subject)
        body.autoMerge = false
        // What deploys is decided here; checks of GitHub's that are still running do not prevent it.
        body.requiredContexts = []
        body.transientEnvironment = announcement.environment == "preview"
        body.productionEnvironment = announcement.environment == "production"
        return message("repos/\(escaped)/deployments", body)
    }

    /// Source: GitHub's "Create a deployment status".
    func status(ofDeployment id: Int64, _ announcement: Announcement) -> StatusMessage? {
        var body = StatusMessage.Body()
        body.state =
            switch announcement.phase {
            case .pending: "in_progress"
            case .live: "success"
            case .failed: "failure"
            case .error: "error"
            case .dropped: "inactive"
            }
        body.description = StatusMessage.cut(announcement.text)
        if announcement.phase == .live {
            body.environmentURL = announcement.url
            body.autoInactive = true
        }
        return message("repos/\(escaped)/deployments/\(id)/statuses", body)
    }

    /// Each preview is an environment of its own, or the next one would end it.
    private func environment(_ announcement: Announcement) -> String {
        named(announcement.environment == "preview" ? "preview/\(announcement.branch)" : announcement.environment)
    }

    // MARK: Details

    /// Each program of a repository has names of its own, or one would take another's place. By its folder: what it is
    /// called in package.json is not known when its deploy begins. No branch has a space in its name.
    private func named(_ name: String) -> String { folder.isEmpty ? name : "\(name) - \(folder)" }

    /// GitLab takes the whole path as one segment.
    private var escaped: String {
        let segments = path.split(separator: "/").map { segment in
            segment.addingPercentEncoding(withAllowedCharacters: Self.unreserved) ?? ""
        }
        return segments.joined(separator: forge == .gitlab ? "%2F" : "/")
    }

    /// RFC 3986, 2.3.
    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    private func message(_ path: String, _ body: StatusMessage.Body) -> StatusMessage? {
        var base = api.absoluteString
        while base.hasSuffix("/") { base.removeLast() }
        guard let url = URL(string: "\(base)/\(path)") else { return nil }
        let headers =
            forge == .github
            ? ["Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"]
            : ["Accept": "application/json"]
        return StatusMessage(url: url, headers: headers, body: body)
    }

    /// The header that shows a token.
    func credential(_ token: String) -> (name: String, value: String) {
        switch forge {
        case .github: ("Authorization", "Bearer \(token)")
        case .gitlab: ("PRIVATE-TOKEN", token)
        case .gitea: ("Authorization", "token \(token)")
        }
    }
}
