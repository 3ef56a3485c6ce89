/// Source: Bitbucket Cloud's documentation of event payloads, "Pull request events" and the entity "Pull Request".
struct BitbucketPullRequest: Decodable {
    struct Side: Decodable {
        struct Branch: Decodable { var name: String }
        struct Commit: Decodable { var hash: String }
        struct Repository: Decodable {
            var uuid: String?
            var name: String

            enum CodingKeys: String, CodingKey {
                case uuid
                case name = "full_name"
            }
        }

        var branch: Branch
        var commit: Commit?
        /// `nil` when the fork was deleted.
        var repository: Repository?
    }

    struct Content: Decodable {
        var id: Int64
        var state: String
        var source: Side
        var destination: Side
        var updatedOn: String?

        enum CodingKeys: String, CodingKey {
            case id, state, source, destination
            case updatedOn = "updated_on"
        }
    }

    var content: Content

    enum CodingKeys: String, CodingKey { case content = "pullrequest" }

    var pullRequest: PullRequest {
        let (origin, own) = (content.source.repository, content.destination.repository)
        return PullRequest(
            event: event, number: content.id, name: "pull request \(content.id)", branch: content.source.branch.name,
            commit: content.source.commit?.hash, origin: (origin?.name).map(PullRequest.word),
            isFork: origin == nil || origin?.uuid != own?.uuid || origin?.name != own?.name,
            updatedAt: ForgeTime.date(content.updatedOn))
    }

    /// By the state: it is signed, which the name of the event, a header, is not.
    private var event: PullRequest.Event {
        switch content.state {
        case "OPEN": .open
        case "MERGED", "DECLINED", "SUPERSEDED": .closed
        case let state: .other("pullrequest \(PullRequest.word(state))")
        }
    }
}
