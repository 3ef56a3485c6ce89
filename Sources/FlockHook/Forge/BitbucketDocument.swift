/// Source: Bitbucket Cloud's documentation of event payloads, "Push".
struct BitbucketDocument: Decodable {
    struct Repository: Decodable {
        struct Links: Decodable {
            struct Link: Decodable { var href: String? }
            var html: Link?
        }
        var fullName: String?
        var links: Links?

        enum CodingKeys: String, CodingKey {
            case fullName = "full_name"
            case links
        }

        var addresses: [String] {
            [links?.html?.href, fullName.map { "https://bitbucket.org/\($0)" }].compactMap(\.self)
        }
    }
    struct Push: Decodable {
        var changes: [Change]
    }
    struct Change: Decodable {
        struct State: Decodable {
            struct Target: Decodable { var hash: String? }
            var type: String
            var name: String
            var target: Target?
        }
        var old: State?
        /// `nil` when the ref was deleted.
        var new: State?
    }
    var push: Push?
    var repository: Repository?

    var changes: [RefChange] {
        get throws(DeliveryRefusal) {
            guard let push else { throw DeliveryRefusal(.payloadInvalid, "a push without \"push\"") }
            var changes: [RefChange] = []
            for change in push.changes {
                guard let state = change.new ?? change.old else { continue }
                if change.new != nil, change.new?.target?.hash == nil {
                    throw DeliveryRefusal(.payloadInvalid, "a ref without a target")
                }
                let folder = ["branch", "named_branch"].contains(state.type) ? "heads" : "tags"
                changes.append(
                    try RefChange(
                        name: "refs/\(folder)/\(state.name)", before: change.old?.target?.hash,
                        after: change.new?.target?.hash))
            }
            return changes
        }
    }
}
