import Foundation

/// What a delivery says of a pull request, or of a merge request, as GitLab calls it.
struct PullRequest: Sendable, Hashable {
    enum Event: Sendable, Hashable {
        /// It was opened or opened again, or its code has changed.
        case open
        /// It was merged, or will not be.
        case closed
        /// What changes nothing of its preview, by the forge's name.
        case other(String)
    }

    var event: Event
    /// Of its repository.
    var number: Int64
    /// Such as "pull request 7".
    var name: String
    /// What is to be merged.
    var branch: String
    /// The end of the branch when this was sent: evidence only. Bitbucket abbreviates it; `nil` where nothing is there.
    var commit: String?
    /// The repository that the branch is in; `nil` when that is gone.
    var origin: String?
    /// Whether that is not the repository that the pull request is for.
    var isFork: Bool
    /// When it was changed last, by the forge's clock.
    var updatedAt: Date?

    /// A forge's own word, as far as it can be shown to people.
    static func word(_ text: String) -> String {
        String(text.prefix(100).map { $0.isASCII && ("!"..."~").contains($0) ? $0 : "?" })
    }
}
