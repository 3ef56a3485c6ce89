import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

/// `flock deploys cancel`, at each stage of a deploy.
@Suite(.serialized)
struct CancelDeployTests {
    private static let daemons = ["flock-engine", "flock-hook"]
    private static let parts: [StateFolder.Part] = [.engine, .hook]

    @Test func `a deploy is cancelled while it waits, and not once Marathon has it`() async throws {
        try await Site.run(daemons: Self.daemons, parts: Self.parts) { site in
            try await site.isHealthy([.hook])
            let server = try await EchoServer(in: site.folder)
            let first = try await HostedRepository("first", server: server, in: site)
            let second = try await HostedRepository("second", server: server, in: site)
            let live = try await site.isLive(try await first.push("one"), of: first)
            let refused = try await site.flock(["deploys", "cancel", "\(live)"])
            #expect(!refused.isSuccess && refused.output.contains("already_ended"), "\(refused.output)")
            #expect(try await site.flock(["deploys", "cancel", "99"]).output.contains("deploy_unknown"))

            // Nobody answers, so the deploy stays where Marathon may have it.
            try await site.kill9("flock-engine")
            let two = try await second.push("two")
            let number = try #require(await second.deliver(two, site)?.answer.deploy)
            try await eventually("it is submitted") { try await site.deploys().last?.state == "submitting" }
            let late = try await site.flock(["deploys", "cancel", "\(number)"])
            #expect(!late.isSuccess && late.output.contains("already_submitted"), "\(late.output)")
            // Its lane is taken, so the next one waits.
            let three = try await second.push("three")
            let waiting = try #require(await second.deliver(three, site)?.answer.deploy)
            let cancelled = try await site.flock(["deploys", "cancel", "\(waiting)"])
            #expect(cancelled.isSuccess && cancelled.output.contains("cancelled before it was given to Marathon"))
            #expect(try await site.deploys(["--status", "cancelled"]).map(\.id) == [waiting])
            try await site.start("flock-engine")
            try await eventually("the submitted one is live") {
                try await site.deploys(["--app", "second"]).first { $0.id == number }?.state == "live"
            }
            #expect(try await site.commit(of: "/second-1.0.0") == two)
            #expect(try await site.deploys().last?.id == waiting, "a cancelled commit is not found again")
        }
    }

    @Test func `a build that is cancelled ends, and the next deploy gets its builder`() async throws {
        try await Site.run(settings: ["hook.builders=1"], daemons: Self.daemons, parts: Self.parts) { site in
            try await site.isHealthy([.hook])
            let server = try await EchoServer(in: site.folder)
            let slow = try await HostedRepository("slow", server: server, in: site)
            let quick = try await HostedRepository("quick", server: server, in: site)
            let commit = try await slow.push("slow", flock: #", "build": "sleep 600""#)
            let number = try #require(await slow.deliver(commit, site)?.answer.deploy)
            let build = "/flock/build/\(number)"
            try await eventually("it is being built") { try await site.marathon.app(build)?.tasksRunning == 1 }
            let next = try await quick.push("quick")
            let waiting = try #require(await quick.deliver(next, site)?.answer.deploy)
            #expect(try await site.deploys().last { $0.id == waiting }?.state == "queued")

            let cancelled = try await site.flock(["deploys", "cancel", "\(number)"])
            #expect(cancelled.isSuccess, "\(cancelled.output)")
            try await eventually("the build is gone") { try await site.marathon.app(build) == nil }
            try await eventually("the other is live") { try await site.commit(of: "/quick-1.0.0") == next }
            #expect(try await site.deploys().first { $0.id == number }?.state == "cancelled")
            #expect(try await site.commit(of: "/slow-1.0.0") == nil)
        }
    }
}
