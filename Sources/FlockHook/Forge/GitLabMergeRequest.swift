/// Source: GitLab's documentation of webhook events, "Merge request events".
struct GitLabMergeRequest: Decodable {
    struct Attributes: Decodable {
        struct Commit: Decodable { var id: String }
        struct Project: Decodable {
            var path: String?

            enum CodingKeys: String, CodingKey { case path = "path_with_namespace" }
        }

        /// Of the project that it is for.
        var number: Int64
        var action: String?
        var sourceBranch: String
        /// `nil` when the fork was deleted.
        var sourceProject: Int64?
        var targetProject: Int64
        var source: Project?
        var lastCommit: Commit?
        /// Only where an update has changed the code.
        var oldRevision: String?
        var updatedAt: String?

        enum CodingKeys: String, CodingKey {
            case number = "iid"
            case action, source
            case sourceBranch = "source_branch"
            case sourceProject = "source_project_id"
            case targetProject = "target_project_id"
            case lastCommit = "last_commit"
            case oldRevision = "oldrev"
            case updatedAt = "updated_at"
        }
    }

    var attributes: Attributes

    enum CodingKeys: String, CodingKey { case attributes = "object_attributes" }

    var pullRequest: PullRequest {
        PullRequest(
            event: event, number: attributes.number, name: "merge request \(attributes.number)",
            branch: attributes.sourceBranch, commit: attributes.lastCommit?.id,
            origin: (attributes.source?.path).map(PullRequest.word),
            isFork: attributes.sourceProject != attributes.targetProject,
            updatedAt: ForgeTime.date(attributes.updatedAt))
    }

    private var event: PullRequest.Event {
        switch attributes.action {
        case "open", "reopen": .open
        case "update" where attributes.oldRevision != nil: .open
        case "close", "merge": .closed
        case let action: .other("merge_request \(PullRequest.word(action ?? "-"))")
        }
    }
}
