import Foundation

/// What the JSON of a delivery says, of all that forges send.
struct DeliveryPayload: Sendable, Hashable {
    /// What the headers said, or for GitLab's system hooks the body.
    var event: DeliveryHead.Event
    /// Addresses that the payload gives its repository, any of which may be the configured one. None where a forge
    /// greets a whole organization.
    var addresses: [String]
    var changes: [RefChange]
    /// With the event of one.
    var pullRequest: PullRequest?

    init(json: [UInt8], head: DeliveryHead) throws(DeliveryRefusal) {
        event = head.event
        switch head.forge {
        case .github, .gitea:
            let document: GitHubDocument = try Self.decode(json)
            addresses = document.repository?.addresses ?? []
            changes = event == .push ? [try document.change] : []
            if event == .pullRequest { pullRequest = try (Self.decode(json) as GitHubPullRequest).pullRequest }
        case .gitlab:
            let document: GitLabDocument = try Self.decode(json)
            addresses = document.addresses
            if event == .inBody { event = document.event }
            if event == .pullRequest { pullRequest = try (Self.decode(json) as GitLabMergeRequest).pullRequest }
            changes = event == .push ? [try document.change] : []
        case .bitbucket:
            let document: BitbucketDocument = try Self.decode(json)
            addresses = document.repository?.addresses ?? []
            if event == .pullRequest { pullRequest = try (Self.decode(json) as BitbucketPullRequest).pullRequest }
            changes = event == .push ? try document.changes : []
        case .git:
            let document: LocalDelivery = try Self.decode(json)
            addresses = [document.repository]
            changes = event == .push ? try document.refChanges : []
        }
        guard changes.count <= 10_000 else {
            throw DeliveryRefusal(.payloadInvalid, "more than 10,000 refs in one delivery")
        }
        // Two lines about one ref: the later one holds.
        var seen: Set<String> = []
        changes = changes.reversed().filter { seen.insert($0.name).inserted }.reversed()
    }

    private static func decode<Document: Decodable>(_ json: [UInt8]) throws(DeliveryRefusal) -> Document {
        do {
            return try JSONDecoder().decode(Document.self, from: Data(json))
        } catch let error as DecodingError {
            if case .dataCorrupted(let context) = error, context.codingPath.isEmpty {
                throw DeliveryRefusal(.jsonInvalid, "the body is not valid JSON")
            }
            throw DeliveryRefusal(.payloadInvalid, "the body is not what this event is documented to hold")
        } catch {
            throw DeliveryRefusal(.jsonInvalid, "the body is not valid JSON")
        }
    }
}
