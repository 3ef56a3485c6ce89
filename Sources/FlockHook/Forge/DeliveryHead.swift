/// What the headers of a delivery say. No signature covers them.
struct DeliveryHead: Sendable, Hashable {
    enum Event: Sendable, Hashable {
        case push, ping
        /// Of a pull request, or a merge request.
        case pullRequest
        /// GitLab's system hooks name the event in the body.
        case inBody
        case other(String)
    }

    enum Proof: Sendable, Hashable {
        /// The HMAC-SHA-256 of the body, in hex.
        case signature(Substring)
        /// The secret itself, as GitLab sends it.
        case token(String)
        case none
    }

    var forge: Forge
    var event: Event
    /// The same when a delivery is sent again; `nil` where the forge names none.
    var id: String?
    var proof: Proof

    /// - Parameter expected: of the path that was asked.
    init(expecting expected: Forge?, _ header: (String) -> String?) throws(DeliveryRefusal) {
        guard let forge = Forge(header) else {
            throw DeliveryRefusal(.headerMissing, "no header names an event, such as X-GitHub-Event or X-Gitlab-Event")
        }
        guard expected == nil || expected == forge else {
            throw DeliveryRefusal(
                .forgeMismatch, "this is a delivery of \(forge.rawValue); send it to /\(forge.rawValue) or to /hooks")
        }
        self.forge = forge
        let hub = "sha256="
        switch forge {
        case .github:
            event = Self.event(header("X-GitHub-Event"))
            id = header("X-GitHub-Delivery")
            proof = Self.signature(header("X-Hub-Signature-256"), prefix: hub)
        case .gitea:
            event = Self.event(header("X-Forgejo-Event") ?? header("X-Gitea-Event"))
            id = header("X-Forgejo-Delivery") ?? header("X-Gitea-Delivery")
            proof = Self.signature(header("X-Forgejo-Signature") ?? header("X-Gitea-Signature"), prefix: "")
        case .gitlab:
            switch header("X-Gitlab-Event") {
            case "Push Hook", "Tag Push Hook": event = .push
            case "Merge Request Hook": event = .pullRequest
            case "System Hook": event = .inBody
            case let name: event = .other(name ?? "")
            }
            id = header("Idempotency-Key") ?? header("X-Gitlab-Event-UUID")
            proof = header("X-Gitlab-Token").map(Proof.token) ?? .none
        case .bitbucket:
            switch header("X-Event-Key") ?? "" {
            case "repo:push": event = .push
            case "diagnostics:ping": event = .ping
            case "pullrequest:created", "pullrequest:updated", "pullrequest:fulfilled", "pullrequest:rejected":
                event = .pullRequest
            case let name: event = .other(name)
            }
            id = header("X-Request-UUID")
            proof = Self.signature(header("X-Hub-Signature"), prefix: hub)
        case .git:
            event = Self.event(header("X-Flock-Event"))
            id = header("X-Flock-Delivery")
            proof = Self.signature(header("X-Flock-Signature-256"), prefix: hub)
        }
        if id == nil, forge != .gitlab {
            throw DeliveryRefusal(.headerMissing, "the header with the delivery's id is missing")
        }
        guard id.map({ (1...100).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x21...0x7e).contains($0) } }) ?? true
        else { throw DeliveryRefusal(.headerInvalid, "the delivery's id is no word of 1 to 100 ASCII characters") }
        if case .other(let name) = event {
            guard (1...100).contains(name.utf8.count), name.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else {
                throw DeliveryRefusal(.headerInvalid, "the event's name is no text of 1 to 100 ASCII characters")
            }
        }
    }

    private static func event(_ name: String?) -> Event {
        switch name {
        case "push": .push
        case "ping": .ping
        case "pull_request": .pullRequest
        case let name: .other(name ?? "")
        }
    }

    private static func signature(_ text: String?, prefix: String) -> Proof {
        guard let text, text.hasPrefix(prefix) else { return .none }
        return .signature(text.dropFirst(prefix.count))
    }
}
