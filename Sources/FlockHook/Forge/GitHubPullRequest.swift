/// Sources: GitHub's documentation of the `pull_request` event; Gitea, modules/structs/hook.go, which writes the same.
struct GitHubPullRequest: Decodable {
    struct Side: Decodable {
        struct Repository: Decodable {
            var id: Int64
            var name: String

            enum CodingKeys: String, CodingKey {
                case id
                case name = "full_name"
            }
        }

        var ref: String
        var sha: String
        /// `nil` when the fork was deleted.
        var repo: Repository?
    }

    struct Content: Decodable {
        var number: Int64
        var head: Side
        var base: Side
        var updatedAt: String?

        enum CodingKeys: String, CodingKey {
            case number, head, base
            case updatedAt = "updated_at"
        }
    }

    var action: String
    var content: Content

    enum CodingKeys: String, CodingKey {
        case action
        case content = "pull_request"
    }

    var pullRequest: PullRequest {
        PullRequest(
            event: event, number: content.number, name: "pull request \(content.number)", branch: content.head.ref,
            commit: content.head.sha, origin: (content.head.repo?.name).map(PullRequest.word),
            // Not by their names, which a fork may have as well.
            isFork: content.head.repo == nil || content.head.repo?.id != content.base.repo?.id,
            updatedAt: ForgeTime.date(content.updatedAt))
    }

    private var event: PullRequest.Event {
        switch action {
        case "opened", "reopened", "synchronize", "synchronized": .open
        case "closed": .closed
        default: .other("pull_request \(PullRequest.word(action))")
        }
    }
}
