/// Who tells of pushes.
public enum Forge: String, Codable, Sendable, CaseIterable {
    case github, gitlab
    /// Forgejo, too.
    case gitea
    case bitbucket
    /// Plain git: `flock deliver`, which `hooks/post-receive` runs.
    case git

    /// The header that each of them sends with every delivery, and no earlier one in the list does: Gitea sends
    /// GitHub's headers beside its own.
    private static let marks: [(header: String, forge: Forge)] = [
        ("X-Flock-Event", .git), ("X-Forgejo-Event", .gitea), ("X-Gitea-Event", .gitea), ("X-Gitlab-Event", .gitlab),
        ("X-Event-Key", .bitbucket), ("X-GitHub-Event", .github),
    ]

    /// `nil` when no header is one of theirs.
    init?(_ header: (String) -> String?) {
        guard let mark = Self.marks.first(where: { header($0.header) != nil }) else { return nil }
        self = mark.forge
    }
}
