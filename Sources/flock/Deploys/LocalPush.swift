/// A push to a bare repository of this machine, in the shape of GitHub's push event.
struct LocalPush: Encodable, Sendable {
    struct Repository: Encodable, Sendable {
        var name: String
        var fullName: String
        var cloneURL: String

        enum CodingKeys: String, CodingKey {
            case name
            case fullName = "full_name"
            case cloneURL = "clone_url"
        }
    }

    var ref: String
    var before: String
    var after: String
    var created: Bool
    var deleted: Bool
    var repository: Repository

    init(repository path: String, name: String, before: String, after: String, ref: String) {
        self.ref = ref
        self.before = before
        self.after = after
        created = before.allSatisfy { $0 == "0" }
        deleted = after.allSatisfy { $0 == "0" }
        repository = Repository(name: name, fullName: name, cloneURL: path)
    }
}
