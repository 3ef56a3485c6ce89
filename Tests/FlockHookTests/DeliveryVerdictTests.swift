import FlockCore
import Testing

@testable import FlockHook

@Suite struct DeliveryVerdictTests {
    private func push(_ ref: String, after: String = "fd489864e7642b48eaad6e3f155c10e46810ec72") throws -> PushPayload {
        var push = try #require(try Fixtures.push("github/push.branch-ff.go-playground.json"))
        push.ref = ref
        push.after = after
        return push
    }

    private let repository = Fixtures.repository([
        "main": .production, "feature/*": .preview, "feature/live-*": .production, "*-fix": .preview,
    ])

    @Test(arguments: [
        ("main", Settings.Repository.Environment.production), ("feature/x", .preview), ("feature/x/y", .preview),
        ("feature/live-x", .production), ("feature/", .preview), ("a-fix", .preview),
    ])
    func `a mapped branch is deployed`(_ branch: String, _ environment: Settings.Repository.Environment) throws {
        let verdict = DeliveryVerdict(try push("refs/heads/\(branch)"), repository: repository)
        #expect(verdict == .deploy(branch: branch, environment: environment))
    }

    @Test(arguments: ["mainx", "xmain", "Main", "feature", "a-fixed", "refs/heads/main"])
    func `an unmapped branch is told what is mapped`(_ branch: String) throws {
        guard
            case .ignore(let code, let reason) = DeliveryVerdict(
                try push("refs/heads/\(branch)"), repository: repository)
        else {
            Issue.record("it would be deployed")
            return
        }
        #expect(code == "branch_unmapped")
        #expect(reason.contains("branch \(branch) is not mapped"))
        #expect(reason.contains("main → production") && reason.contains("feature/* → preview"))
    }

    @Test func `where nothing is mapped it says so`() throws {
        let verdict = DeliveryVerdict(try push("refs/heads/main"), repository: Fixtures.repository([:]))
        #expect(verdict == .ignore(code: "branch_unmapped", reason: "branch main is not mapped; mapped: none"))
    }

    @Test func `a deleted branch is not deployed`() throws {
        let deletion = try push("refs/heads/main", after: String(repeating: "0", count: 40))
        guard case .ignore("branch_deleted", let reason) = DeliveryVerdict(deletion, repository: repository) else {
            Issue.record("it would be deployed")
            return
        }
        #expect(reason.contains("branch main was deleted"))
    }

    @Test func `a tag is not deployed`() throws {
        let tag = try #require(try Fixtures.push("github/push.payload.json"))
        guard case .ignore("not_a_branch", let reason) = DeliveryVerdict(tag, repository: repository) else {
            Issue.record("it would be deployed")
            return
        }
        #expect(reason.contains("tag simple-tag"))
    }

    @Test(arguments: ["", "main", "refs/pull/1/head", "heads/main"])
    func `any other ref is not deployed`(_ ref: String) throws {
        guard case .ignore("not_a_branch", _) = DeliveryVerdict(try push(ref), repository: repository) else {
            Issue.record("it would be deployed")
            return
        }
    }
}
