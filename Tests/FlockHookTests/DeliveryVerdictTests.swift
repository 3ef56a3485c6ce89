import FlockCore
import Testing

@testable import FlockHook

@Suite struct DeliveryVerdictTests {
    private func change(_ ref: String, after: String? = "fd489864e7642b48eaad6e3f155c10e46810ec72") throws -> RefChange
    {
        try RefChange(name: ref, before: nil, after: after)
    }

    private let repository = Fixtures.repository([
        "main": .production, "feature/*": .preview, "feature/live-*": .production, "*-fix": .preview,
    ])

    @Test(arguments: [
        ("main", Settings.Repository.Environment.production), ("feature/x", .preview), ("feature/x/y", .preview),
        ("feature/live-x", .production), ("a-fix", .preview),
    ])
    func `a mapped branch is deployed`(_ branch: String, _ environment: Settings.Repository.Environment) throws {
        let verdict = DeliveryVerdict(try change("refs/heads/\(branch)"), repository: repository)
        #expect(verdict == .deploy(branch: branch, environment: environment))
    }

    @Test(arguments: ["mainx", "xmain", "Main", "feature", "a-fixed", "refs/heads/main"])
    func `an unmapped branch is told what is mapped`(_ branch: String) throws {
        let verdict = DeliveryVerdict(try change("refs/heads/\(branch)"), repository: repository)
        let mapped = "*-fix → preview, feature/* → preview, feature/live-* → production, main → production"
        #expect(verdict == .ignore(Reason(.branchUnmapped, "branch \(branch) is not mapped; mapped: \(mapped)")))
    }

    @Test func `where nothing is mapped it says so`() throws {
        let verdict = DeliveryVerdict(try change("refs/heads/main"), repository: Fixtures.repository([:]))
        #expect(verdict == .ignore(Reason(.branchUnmapped, "branch main is not mapped; mapped: none")))
    }

    @Test func `a deleted branch is not deployed`() throws {
        let verdict = DeliveryVerdict(try change("refs/heads/main", after: nil), repository: repository)
        #expect(verdict == .ignore(Reason(.branchDeleted, "branch main was deleted; nothing to deploy")))
    }

    @Test(arguments: [("refs/tags/main", "tag main"), ("refs/pull/1/head", "\"refs/pull/1/head\"")])
    func `any other ref is not deployed`(_ ref: String, _ name: String) throws {
        let verdict = DeliveryVerdict(try change(ref), repository: repository)
        #expect(verdict == .ignore(Reason(.notABranch, "\(name) is no branch; only branches are deployed")))
    }
}
