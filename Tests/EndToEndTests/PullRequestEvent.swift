/// What a forge sends about pull request 7.
struct PullRequestEvent: Sendable {
    enum Forge: String, Sendable, CaseIterable { case github, gitlab, bitbucket }

    var forge: Forge
    var branch: String
    var commit: String
    /// Where the repository is cloned from.
    var repository: String
    var isOpen = true
    var isFork = false
    /// When it was changed last.
    var minute = 1

    func with(_ change: (inout PullRequestEvent) -> Void) -> PullRequestEvent {
        var event = self
        change(&event)
        return event
    }

    var header: String {
        switch forge {
        case .github: "X-GitHub-Event: pull_request"
        case .gitlab: "X-Gitlab-Event: Merge Request Hook"
        case .bitbucket: "X-Event-Key: pullrequest:\(isOpen ? "created" : "fulfilled")"
        }
    }

    var idHeader: String {
        switch forge {
        case .github: "X-GitHub-Delivery"
        case .gitlab: "X-Gitlab-Event-UUID"
        case .bitbucket: "X-Request-UUID"
        }
    }

    var body: String {
        let origin = isFork ? 2 : 1
        return switch forge {
        case .github:
            """
            {"action": "\(isOpen ? "opened" : "closed")", "number": 7, "pull_request": {"number": 7,
             "updated_at": "2026-03-01T08:0\(minute):00Z",
             "head": {"ref": "\(branch)", "sha": "\(commit)", "repo": {"id": \(origin), "full_name": "acme/hello"}},
             "base": {"ref": "main", "sha": "\(commit)", "repo": {"id": 1, "full_name": "acme/hello"}}},
             "repository": {"clone_url": "\(repository)"}}
            """
        case .gitlab:
            """
            {"object_kind": "merge_request", "project": {"git_http_url": "\(repository)"},
             "object_attributes": {"iid": 7, "action": "\(isOpen ? "open" : "merge")", "source_branch": "\(branch)",
             "source_project_id": \(origin), "target_project_id": 1, "last_commit": {"id": "\(commit)"},
             "updated_at": "2026-03-01 08:0\(minute):00 UTC"}}
            """
        case .bitbucket:
            """
            {"pullrequest": {"id": 7, "state": "\(isOpen ? "OPEN" : "MERGED")",
             "updated_on": "2026-03-01T08:0\(minute):00.123456+00:00",
             "source": {"branch": {"name": "\(branch)"}, "commit": {"hash": "\(commit.prefix(12))"},
                        "repository": {"full_name": "acme/hello", "uuid": "{\(origin)}"}},
             "destination": {"branch": {"name": "main"}, "commit": {"hash": "\(commit.prefix(12))"},
                             "repository": {"full_name": "acme/hello", "uuid": "{1}"}}},
             "repository": {"full_name": "acme/hello", "links": {"html": {"href": "\(repository)"}}}}
            """
        }
    }
}
