import Foundation

@testable import FlockHook

/// A payload of a pull request, whose parts can be changed.
struct PullRequests {
    private var object: [String: Any]

    init(_ json: [UInt8]) throws {
        object = try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any] ?? [:]
    }

    var json: [UInt8] { Array((try? JSONSerialization.data(withJSONObject: object)) ?? Data()) }

    /// - Parameter path: the keys that lead to it.
    subscript(_ path: String...) -> Any? {
        get { path.reduce(object) { ($0 as? [String: Any])?[$1] as Any } }
        set { object = Self.put(newValue ?? NSNull(), at: path[...], in: object) }
    }

    private static func put(_ value: Any, at path: ArraySlice<String>, in object: [String: Any]) -> [String: Any] {
        guard let key = path.first else { return object }
        var object = object
        let rest = path.dropFirst()
        object[key] = rest.isEmpty ? value : put(value, at: rest, in: object[key] as? [String: Any] ?? [:])
        return object
    }

    /// As GitHub writes it, without what nobody reads.
    static func github(_ action: String) throws -> PullRequests {
        try PullRequests(
            Array(
                """
                {"action": "\(action)", "number": 7, "pull_request": {"number": 7, "state": "open", "merged": false,
                 "updated_at": "2026-03-01T08:00:00Z",
                 "head": {"label": "Codertocat:topic", "ref": "topic", "sha": "\(Pushes.new)",
                          "repo": {"id": 1, "full_name": "Codertocat/Hello-World"}},
                 "base": {"label": "Codertocat:main", "ref": "main", "sha": "\(Pushes.old)",
                          "repo": {"id": 1, "full_name": "Codertocat/Hello-World"}}},
                 "repository": {"id": 1, "clone_url": "https://github.com/Codertocat/Hello-World.git"}}
                """.utf8))
    }

    static func gitlab() throws -> PullRequests {
        try PullRequests(Fixtures.payload("gitlab/merge-request-open.json"))
    }

    static func bitbucket() throws -> PullRequests {
        try PullRequests(Fixtures.payload("bitbucket/pullrequest-created.json"))
    }

    static func event(_ forge: Forge, isOpen: Bool) -> String {
        switch forge {
        case .gitlab: "Merge Request Hook"
        case .bitbucket: isOpen ? "pullrequest:updated" : "pullrequest:rejected"
        default: "pull_request"
        }
    }

    /// One of branch `topic` that was changed at this hour.
    static func example(_ forge: Forge, number: Int = 7, isOpen: Bool, hour: Int) throws -> PullRequests {
        let hour = hour < 10 ? "0\(hour)" : "\(hour)"
        var pull: PullRequests
        switch forge {
        case .gitlab:
            pull = try gitlab()
            pull["object_attributes", "iid"] = number
            pull["object_attributes", "action"] = isOpen ? "reopen" : "close"
            pull["object_attributes", "updated_at"] = "2026-03-01 \(hour):00:00 UTC"
        case .bitbucket:
            pull = try bitbucket()
            pull["pullrequest", "id"] = number
            pull["pullrequest", "state"] = isOpen ? "OPEN" : "DECLINED"
            pull["pullrequest", "updated_on"] = "2026-03-01T\(hour):00:00.000000+00:00"
        default:
            pull = try github(isOpen ? "reopened" : "closed")
            pull["pull_request", "number"] = number
            pull["pull_request", "updated_at"] = "2026-03-01T\(hour):00:00Z"
        }
        return pull
    }
}
