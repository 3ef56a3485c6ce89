/// Source: GitLab's documentation of webhook events and of system hooks.
struct GitLabDocument: Decodable {
    struct Repository: Decodable {
        var httpURL: String?
        var sshURL: String?
        var webURL: String?
        var homepage: String?

        enum CodingKeys: String, CodingKey {
            case httpURL = "git_http_url"
            case sshURL = "git_ssh_url"
            case webURL = "web_url"
            case homepage
        }
    }
    var objectKind: String?
    var eventName: String?
    var ref: String?
    var before: String?
    var after: String?
    var project: Repository?
    var repository: Repository?

    enum CodingKeys: String, CodingKey {
        case objectKind = "object_kind"
        case eventName = "event_name"
        case ref, before, after, project, repository
    }

    var event: DeliveryHead.Event {
        let name = eventName ?? objectKind ?? ""
        return switch name {
        case "push", "tag_push": .push
        case "merge_request": .pullRequest
        default: .other(String(name.prefix(100)))
        }
    }

    var addresses: [String] {
        [project, repository].compactMap(\.self)
            .flatMap { [$0.httpURL, $0.sshURL, $0.webURL, $0.homepage].compactMap(\.self) }
    }

    var change: RefChange {
        get throws(DeliveryRefusal) {
            try RefChange(pushed: ref, before: before, after: after)
        }
    }
}
