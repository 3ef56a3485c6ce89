import FlockCore
import Foundation
import Testing

@testable import FlockHook

/// What each forge is sent, held against its documentation.
@Suite struct ForgeProjectTests {
    private typealias Forge = Settings.Repository.Report.Forge

    private func project(
        _ forge: Settings.Repository.Report.Forge, at repository: String = "https://github.com/acme/shop",
        api: String? = nil, project: String? = nil, folder: String = ""
    ) -> ForgeProject? {
        let json = #"{"forge": "\#(forge.rawValue)", "token": {"file": "t"}}"#
        guard var report = try? JSONDecoder().decode(Settings.Repository.Report.self, from: Data(json.utf8)) else {
            return nil
        }
        report.api = api.flatMap(URL.init)
        report.project = project
        return ForgeProject(report, repository: repository, folder: folder)
    }

    private func announcement(_ deploy: DeployRecord = .example()) throws -> Announcement {
        try #require(Announcement(deploy))
    }

    private func body(_ message: StatusMessage?) throws -> String {
        String(decoding: try #require(message).body.json, as: UTF8.self)
    }

    private let sha = String(repeating: "a", count: 40)

    @Test func `GitHub gets a commit status`() throws {
        let message = try #require(project(.github)?.status(try announcement()))
        #expect(message.url.absoluteString == "https://api.github.com/repos/acme/shop/statuses/\(sha)")
        #expect(message.headers["Accept"] == "application/vnd.github+json")
        #expect(message.headers["X-GitHub-Api-Version"] == "2022-11-28")
        #expect(
            try body(message) == """
                {"context":"flock/production","description":"release 3 is live at http://shop.flock.test/",\
                "state":"success","target_url":"http://shop.flock.test/"}
                """)
    }

    @Test func `GitHub gets a deployment and its status`() throws {
        let github = try #require(project(.github))
        let preview = try announcement(.example(branch: "feature/x", environment: "preview"))
        #expect(
            github.deployment(preview)?.url.absoluteString == "https://api.github.com/repos/acme/shop/deployments")
        #expect(
            try body(github.deployment(preview)) == """
                {"auto_merge":false,"description":"shop 1.0.0 (feature/x at aaaaaaa)",\
                "environment":"preview/feature/x","production_environment":false,"ref":"\(sha)",\
                "required_contexts":[],"transient_environment":true}
                """)
        let status = github.status(ofDeployment: 5, try announcement())
        #expect(status?.url.absoluteString == "https://api.github.com/repos/acme/shop/deployments/5/statuses")
        #expect(
            try body(status) == """
                {"auto_inactive":true,"description":"release 3 is live at http://shop.flock.test/",\
                "environment_url":"http://shop.flock.test/","state":"success"}
                """)
    }

    @Test func `GitLab gets a commit status, the project as one segment`() throws {
        let gitlab = project(.gitlab, at: "https://gitlab.com/acme/web/shop.git")
        let message = gitlab?.status(try announcement())
        #expect(
            message?.url.absoluteString == "https://gitlab.com/api/v4/projects/acme%2Fweb%2Fshop/statuses/\(sha)")
        #expect(
            try body(message) == """
                {"description":"release 3 is live at http://shop.flock.test/","name":"flock/production","ref":"main",\
                "state":"success","target_url":"http://shop.flock.test/"}
                """)
    }

    @Test func `Gitea gets a commit status`() throws {
        let message = project(.gitea, at: "https://codeberg.org/acme/shop")?.status(try announcement())
        #expect(message?.url.absoluteString == "https://codeberg.org/api/v1/repos/acme/shop/statuses/\(sha)")
        #expect(try body(message).contains(#""context":"flock/production""#))
    }

    @Test(arguments: [
        (DeployRecord.State.queued, nil, "pending", "running", "pending"),
        (.verifying, nil, "pending", "running", "pending"),
        (.live, nil, "success", "success", "success"),
        (.failed, "app_unhealthy", "failure", "failed", "failure"),
        (.failed, "marathon_refused", "failure", "failed", "failure"),
        (.failed, "internal", "error", "failed", "error"),
        (.failed, "marathon_server_error", "error", "failed", "error"),
        (.superseded, "superseded", "error", "canceled", "warning"),
        (.cancelled, nil, "error", "canceled", "warning"),
    ])
    func `each has words of its own for how a deploy goes`(
        _ state: DeployRecord.State, _ code: String?, _ github: String, _ gitlab: String, _ gitea: String
    ) throws {
        let announcement = try announcement(.example(state, code: code))
        #expect(project(.github)?.status(announcement)?.body.state == github)
        #expect(project(.gitlab)?.status(announcement)?.body.state == gitlab)
        #expect(project(.gitea)?.status(announcement)?.body.state == gitea)
    }

    @Test func `programs of one repository have statuses and environments of their own`() throws {
        for (forge, key) in [(Forge.github, "context"), (.gitea, "context"), (.gitlab, "name")] {
            let status = project(forge, folder: "apps/web")?.status(try announcement())
            #expect(try body(status).contains(#""\#(key)":"flock/production - apps/web""#))
        }
        let web = try #require(project(.github, folder: "apps/web"))
        let preview = try announcement(.example(branch: "feature/x", environment: "preview"))
        #expect(web.deployment(preview)?.body.environment == "preview/feature/x - apps/web")
        #expect(web.deployment(try announcement())?.body.environment == "production - apps/web")
    }

    @Test func `a push that is not deployed is not told of`() {
        #expect(Announcement(.example(.ignored, environment: nil)) == nil)
    }

    @Test func `a long reason is cut to what GitHub takes`() throws {
        let long = try announcement(.example(.failed, reason: String(repeating: "ü", count: 500)))
        #expect(project(.github)?.status(long)?.body.description?.count == 140)
    }

    @Test func `the API is where the settings say, or at the repository's host`() throws {
        func url(_ project: ForgeProject?) throws -> String? { project?.status(try announcement())?.url.absoluteString }
        #expect(
            try url(project(.github, at: "https://ghe.example/a/b"))?.hasPrefix("https://ghe.example/api/v3/repos/a/b/")
                == true)
        #expect(
            try url(project(.gitea, at: "/srv/git/x.git", api: "http://127.0.0.1:3000/api/v1/", project: "a/b"))?
                .hasPrefix("http://127.0.0.1:3000/api/v1/repos/a/b/") == true)
        #expect(project(.github, at: "/srv/git/x.git") == nil)
        #expect(project(.github, at: "https://github.com/") == nil)
    }

    @Test func `a project cannot lead to another path of the API`() throws {
        let message = project(.github, project: "acme/sh op?x#y")?.status(try announcement())
        #expect(message?.url.absoluteString.contains("/repos/acme/sh%20op%3Fx%23y/statuses/") == true)
    }

    @Test func `each is shown its token as it asks for it`() throws {
        #expect(project(.github)?.credential("t").value == "Bearer t")
        #expect(project(.gitea)?.credential("t").value == "token t")
        #expect(project(.gitlab)?.credential("t").name == "PRIVATE-TOKEN")
    }

    @Test func `a chat is told how it ended, and nothing that it would read as markup`() throws {
        let url = try #require(URL(string: "https://hooks.slack.com/services/T/B/x"))
        let message = StatusMessage.chat(
            try announcement(.example(.failed, reason: "it ends <!channel> & again")), to: url)
        #expect(
            try body(message)
                == #"{"text":"✘ shop 1.0.0 (main at aaaaaaa): it ends &lt;!channel&gt; &amp; again"}"#)
        #expect(StatusMessage.chat(try announcement(.example(.verifying)), to: url) == nil)
        #expect(StatusMessage.chat(try announcement(.example(.superseded)), to: url) == nil)
    }
}
