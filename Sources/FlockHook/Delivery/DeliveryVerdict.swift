import FlockCore

/// What a verified delivery leads to.
enum DeliveryVerdict: Sendable, Hashable {
    case deploy(branch: String, environment: Settings.Repository.Environment)
    /// With a code to search for, and words.
    case ignore(code: String, reason: String)

    init(_ push: PushPayload, repository: KnownRepository) {
        let prefix = "refs/heads/"
        guard push.ref.hasPrefix(prefix) else {
            let what = push.ref.hasPrefix("refs/tags/") ? "tag \(push.ref.dropFirst(10))" : "\"\(push.ref)\""
            self = .ignore(code: "not_a_branch", reason: "\(what) is no branch; only branches are deployed")
            return
        }
        let branch = String(push.ref.dropFirst(prefix.count))
        guard !push.isDeletion else {
            self = .ignore(code: "branch_deleted", reason: "branch \(branch) was deleted; nothing to deploy")
            return
        }
        guard let environment = repository.environment(of: branch) else {
            let mapped = repository.branches.sorted { $0.key < $1.key }.map { "\($0.key) → \($0.value.rawValue)" }
            self = .ignore(
                code: "branch_unmapped",
                reason:
                    "branch \(branch) is not mapped; mapped: \(mapped.isEmpty ? "none" : mapped.joined(separator: ", "))"
            )
            return
        }
        self = .deploy(branch: branch, environment: environment)
    }
}
