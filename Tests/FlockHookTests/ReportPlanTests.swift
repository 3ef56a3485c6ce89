import FlockCore
import Foundation
import Testing

@testable import FlockHook

@Suite struct ReportPlanTests {
    private let old = String(repeating: "b", count: 40)

    private func plan(
        _ state: DeployRecord.State, told: [ReportPlan.Audience: ReportPlan.Told] = [:], forge: String = "github",
        chat: String? = nil
    ) throws -> ReportPlan {
        let report = try JSONDecoder().decode(
            Settings.Repository.Report.self, from: Data(#"{"forge": "\#(forge)", "token": {"file": "t"}}"#.utf8))
        return ReportPlan(
            announcement: try #require(Announcement(.example(state))),
            project: ForgeProject(report, repository: "https://github.com/acme/shop"), chat: chat.flatMap(URL.init),
            told: told)
    }

    /// The states that are sent until nothing is left, when everything is taken.
    private func story(_ plan: ReportPlan) throws -> [String] {
        var (plan, story) = (plan, [String]())
        while let step = plan.next(for: .forge) ?? plan.next(for: .chat) {
            story.append(
                "\(step.audience) \(step.message.url.lastPathComponent.prefix(4)) \(step.message.body.state ?? "")")
            plan.told[step.audience] = step.told(.taken(9), plan.announcement)
            try #require(story.count < 10)
        }
        #expect(plan.isDone)
        return story
    }

    @Test func `a deploy that begins is pending, and a deployment in progress`() throws {
        #expect(
            try story(plan(.queued)) == ["status aaaa pending", "deployment depl ", "deployment stat in_progress"])
    }

    @Test func `a commit of which nothing is left to do is as good as live, and no pull request waits for it`() throws {
        let unwatched = try #require(Announcement(.example(.ignored, code: "nothing_watched")))
        #expect(unwatched.phase == .live)
        #expect(Announcement(.example(.superseded, code: "already_deployed"))?.phase == .live)
        #expect(Announcement(.example(.superseded, code: "superseded"))?.phase == .dropped)
        #expect(Announcement(.example(.ignored, code: "branch_unmapped", environment: nil)) == nil)
    }

    @Test func `what was told is not told again`() throws {
        let told: [ReportPlan.Audience: ReportPlan.Told] = [
            .status: .init(phase: .pending, commit: String(repeating: "a", count: 40)),
            .deployment: .init(phase: .pending, commit: String(repeating: "a", count: 40), reference: 9),
        ]
        #expect(try story(plan(.verifying, told: told)) == [])
        #expect(try story(plan(.live, told: told)) == ["status aaaa success", "deployment stat success"])
    }

    @Test func `the newest state wins over those that nobody heard of`() throws {
        #expect(try story(plan(.live)) == ["status aaaa success", "deployment depl ", "deployment stat success"])
    }

    @Test func `a commit that another took the place of is not left pending`() throws {
        let told: [ReportPlan.Audience: ReportPlan.Told] = [
            .status: .init(phase: .pending, commit: old),
            .deployment: .init(phase: .pending, commit: old, reference: 8),
        ]
        #expect(
            try story(plan(.verifying, told: told)) == [
                "status bbbb error", "status aaaa pending", "deployment stat inactive", "deployment depl ",
                "deployment stat in_progress",
            ])
    }

    @Test func `a deployment that could not be made is left alone`() throws {
        var plan = try plan(.live)
        plan.told[.status] = .init(phase: .live, commit: String(repeating: "a", count: 40))
        let step = try #require(plan.next(for: .forge))
        plan.told[step.audience] = step.told(.refused("answered 403"), plan.announcement)
        #expect(plan.isDone)
    }

    @Test func `a push that was superseded before it began makes no deployment`() throws {
        #expect(try story(plan(.superseded)) == ["status aaaa error"])
    }

    @Test func `other forges have no deployments`() throws {
        #expect(try story(plan(.live, forge: "gitlab")) == ["status aaaa success"])
        #expect(try story(plan(.live, forge: "gitea")) == ["status aaaa success"])
    }

    @Test func `a chat hears of the end only`() throws {
        let chat = "https://hooks.slack.com/services/T/B/xyz"
        #expect(try story(plan(.verifying, forge: "gitea", chat: chat)) == ["status aaaa pending"])
        #expect(try story(plan(.failed, forge: "gitea", chat: chat)) == ["status aaaa failure", "chat xyz "])
    }
}
