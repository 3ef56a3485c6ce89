import Foundation

/// What a push says, of all that GitHub sends. Source: GitHub's documentation of the push event.
struct PushPayload: Sendable, Hashable {
    /// `refs/heads/main`.
    var ref: String
    var before: String
    /// All zeros when the ref was deleted.
    var after: String
    var deleted: Bool
    /// Addresses that the payload gives its repository; any of them may be the configured one.
    var addresses: [String]

    var isDeletion: Bool { deleted || (!after.isEmpty && after.allSatisfy { $0 == "0" }) }

    init(ref: String, before: String, after: String) {
        self.ref = ref
        self.before = before
        self.after = after
        deleted = false
        addresses = []
    }

    /// `nil` when the body is no JSON object, or lacks a repository.
    init?(json body: [UInt8]) {
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(body)) else { return nil }
        ref = document.ref ?? ""
        before = document.before ?? ""
        after = document.after ?? ""
        deleted = document.deleted ?? false
        let repository = document.repository
        addresses = [repository?.cloneURL, repository?.htmlURL, repository?.url].compactMap(\.self)
    }

    private struct Document: Decodable {
        struct Repository: Decodable {
            var cloneURL: String?
            var htmlURL: String?
            var url: String?

            enum CodingKeys: String, CodingKey {
                case cloneURL = "clone_url"
                case htmlURL = "html_url"
                case url
            }
        }
        var ref: String?
        var before: String?
        var after: String?
        var deleted: Bool?
        var repository: Repository?
    }
}
