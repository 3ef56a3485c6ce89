/// What a delivery says of a pull request. Sources: GitHub's documentation of the `pull_request` event; Gitea,
/// modules/structs/hook.go, which writes the same.
struct PullRequest: Sendable, Hashable, Decodable {
    struct Document: Sendable, Hashable, Decodable {
        var action: String
        var pullRequest: PullRequest

        enum CodingKeys: String, CodingKey {
            case action
            case pullRequest = "pull_request"
        }
    }

    struct Side: Sendable, Hashable, Decodable {
        struct Repository: Sendable, Hashable, Decodable {
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

    var number: Int
    /// What is to be merged.
    var head: Side
    var base: Side

    /// Whose code is not of the repository itself.
    var isFork: Bool { head.repo?.id != base.repo?.id || head.repo == nil }
}
