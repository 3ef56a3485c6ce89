/// Source: GitHub's documentation of webhook events; Gitea, modules/structs/hook.go.
struct GitHubDocument: Decodable {
    struct Repository: Decodable {
        var cloneURL: String?
        var htmlURL: String?
        var sshURL: String?
        var url: String?

        enum CodingKeys: String, CodingKey {
            case cloneURL = "clone_url"
            case htmlURL = "html_url"
            case sshURL = "ssh_url"
            case url
        }

        var addresses: [String] { [cloneURL, htmlURL, sshURL, url].compactMap(\.self) }
    }
    var ref: String?
    var before: String?
    var after: String?
    var deleted: Bool?
    var repository: Repository?

    var change: RefChange {
        get throws(DeliveryRefusal) {
            try RefChange(pushed: ref, before: before, after: after, isDeleted: deleted == true)
        }
    }
}
