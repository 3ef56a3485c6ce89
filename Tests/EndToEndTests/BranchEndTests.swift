import FlockCore
import FlockTesting
import Foundation
import Testing

/// What is deployed is the end of the branch, whatever deliveries say; and what is not deployed is told why, everywhere in
/// the same words.
@Suite(.serialized)
struct BranchEndTests {
    private static let daemons = ["flock-engine", "flock-hook"]
    private static let parts: [StateFolder.Part] = [.engine, .hook]

    @Test func `old pushes that are delivered again, or late, bring no old code back`() async throws {
        try await Site.run(daemons: Self.daemons, parts: Self.parts) { site in
            try await site.isHealthy([.hook])
            let repository = try await HostedRepository("shop", server: EchoServer(in: site.folder), in: site)
            let one = try await repository.push("one")
            try await site.isLive(one, of: repository)
            let two = try await repository.push("two")
            // Nobody tells of the second push but a late delivery of the first.
            let late = try #require(await repository.deliver(one, site))
            #expect(late.status == 202)
            try await eventually("the second is live") { try await site.commit(of: "/shop-1.0.0") == two }
            try await eventually("it has ended") { try await site.deploys().allSatisfy(\.isFinal) }

            let again = try #require(await repository.deliver(one, site)?.answer.deploy)
            try await eventually("it ends") { try await site.deploys().last { $0.id == again }?.isFinal == true }
            let ended = try #require(try await site.deploys().last { $0.id == again })
            #expect(ended.state == "superseded" && ended.code == "already_deployed")
            #expect(ended.reason?.contains("\(one.prefix(7)) was pushed, but the branch has moved on to") == true)
            #expect(try await site.commit(of: "/shop-1.0.0") == two)

            // Back to where it was is a push like any other.
            try await repository.program.git(["push", "-q", "--force", "flock", "\(one):refs/heads/main"])
            _ = await repository.deliver(one, site)
            try await eventually("the first is live again") { try await site.commit(of: "/shop-1.0.0") == one }
        }
    }

    @Test func `a push that nobody tells of is found`() async throws {
        try await Site.run(settings: ["hook.resync=1s"], daemons: Self.daemons, parts: Self.parts) { site in
            try await site.isHealthy([.hook])
            let repository = try await HostedRepository("shop", server: EchoServer(in: site.folder), in: site)
            for text in ["one", "two"] {
                let commit = try await repository.push(text)
                try await eventually("\(text) is live") { try await site.commit(of: "/shop-1.0.0") == commit }
            }
            let shown = try await site.flock(["deploys", "show", "1"])
            #expect(shown.output.contains("found at the end of branch main"), "\(shown.output)")
            // Its steps take milliseconds, and so fine they are told.
            let elapsed = shown.output.matches(of: #/(?m)^ *\d+\.(\d{3}) s /#).map(\.output.1)
            #expect(elapsed.count > 3 && elapsed.contains { $0 != "000" }, "\(shown.output)")
            let json = try await site.flock(["deploys", "show", "1", "--json"]).output
            let lines = json.split(separator: "\n")
            #expect(
                lines.count == elapsed.count && lines.allSatisfy { $0.contains(#/"at":"[^"]+\.\d{3}Z"/#) }, "\(json)")
        }
    }

    @Test func `the answer, the list and the story say in the same words why nothing was deployed`() async throws {
        try await Site.run(daemons: Self.daemons, parts: Self.parts) { site in
            try await site.isHealthy([.hook])
            let repository = try await HostedRepository("shop", server: EchoServer(in: site.folder), in: site)
            let commit = try await repository.push("one", to: "develop")
            let answered = try #require(await repository.deliver(commit, to: "develop", site))
            let words = "branch develop is not mapped; mapped: main → production, master → production"
            #expect(answered.status == 200 && answered.answer.code == "branch_unmapped")
            #expect(answered.answer.message == "ignored: \(words)")
            let number = try #require(answered.answer.deploy)
            #expect(try await site.deploys().last?.reason == words)
            #expect(try await site.flock(["deploys"]).output.contains(words))
            let shown = try await site.flock(["deploys", "show", "\(number)"])
            #expect(shown.output.contains("ignored: \(words)"), "\(shown.output)")
            let unknown = try await site.flock(["deploys", "--status", "lively"])
            #expect(!unknown.isSuccess && unknown.output.contains("there are queued, resolving"), "\(unknown.output)")
        }
    }
}
