import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

/// flock-hook is killed at each step of a deploy: the deploy goes on or begins that step again, and starts its app once.
@Suite(.serialized)
struct DeployCrashTests {
    private static let daemons = ["flock-engine", "flock-hook"]
    private static let parts: [StateFolder.Part] = [.engine, .hook]

    @Test func `flock-hook dies at each step of a deploy, which comes to its end all the same`() async throws {
        let points: [CrashPoint] = [
            .hookReceived, .hookResolving, .hookBuilding, .hookSubmitting, .hookSubmitted, .hookVerified,
            .hookPublished, .hookReleased,
        ]
        try await Site.run(daemons: Self.daemons, parts: Self.parts) { site in
            let repository = try await HostedRepository("shop", server: EchoServer(in: site.folder), in: site)
            try await site.isLive(try await repository.push("first"), of: repository)
            for (number, point) in points.enumerated() {
                let before = try await site.deploys().count
                let starts = site.starts
                try await site.kill9("flock-hook")
                try await site.start("flock-hook", fault: point.rawValue)
                try await site.isHealthy([.hook])
                // Or it would find the push by itself.
                try await eventually("it has looked at the branches") {
                    try await site.metric("flock_hook_looks_total", of: .hook) > 0
                }
                let commit = try await repository.push(point.rawValue)
                let answered = await repository.deliver(
                    commit, id: "delivery \(point.rawValue)".replacing(" ", with: "-"), site)
                // Later on it may have died before it had answered.
                if point == .hookReceived { #expect(answered == nil) }
                let process = try await site.process("flock-hook")
                try await eventually("it dies at \(point)") { !process.isRunning }
                try await site.start("flock-hook")
                try await site.isHealthy([.hook])
                // A forge that got no answer, or a person, delivers again.
                let again = await repository.deliver(commit, id: "delivery-\(point.rawValue)", site)
                #expect(again?.status == 200 && again?.answer.message.contains("was received before") == true)
                try await eventually("\(point): the deploy ends", or: "\(site.log("flock-hook").suffix(800))") {
                    try await site.deploys().last?.isFinal == true
                }
                let deploys = try await site.deploys()
                let last = try #require(deploys.last)
                #expect(
                    last.state == "live" && last.commit == commit && deploys.count == before + 1, "\(point): \(last)")
                #expect(last.release == number + 2)
                // Only what was prepared is done again.
                let isPrepared = [.hookResolving, .hookBuilding, .hookSubmitting].contains(point)
                #expect(last.attempts == (isPrepared ? 2 : 1), "\(point)")
                #expect(try await site.commit(of: "/shop-1.0.0") == commit)
                #expect(site.starts == starts + 1, "\(point): started \(site.starts - starts) times")
            }
        }
    }

    @Test func `an app that fell asleep while flock-hook was away is woken and looked at, not given up`() async throws {
        try await Site.run(daemons: Self.daemons, parts: Self.parts) { site in
            let repository = try await HostedRepository("shop", server: EchoServer(in: site.folder), in: site)
            for point in [CrashPoint.hookSubmitted, .hookReleased] {
                try await site.kill9("flock-hook")
                try await site.start("flock-hook", fault: point.rawValue)
                try await site.isHealthy([.hook])
                let commit = try await repository.push(point.rawValue)
                _ = await repository.deliver(commit, site)
                let process = try await site.process("flock-hook")
                try await eventually("it dies at \(point)") { !process.isRunning }
                _ = try await site.marathon.scale("/shop-1.0.0", to: 0, force: true)
                try await eventually("it sleeps") {
                    try await site.marathon.app("/shop-1.0.0")?.tasks?.isEmpty == true
                }
                let starts = site.starts
                try await site.start("flock-hook")
                try await site.isHealthy([.hook])
                try await eventually("the deploy ends") { try await site.deploys().last?.isFinal == true }
                #expect(try await site.deploys().last?.state == "live", "\(point)")
                #expect(try await site.commit(of: "/shop-1.0.0") == commit)
                // Visitors got it before: nobody has to look again.
                #expect(site.starts == starts + (point == .hookReleased ? 0 : 1))
            }
        }
    }

    @Test func `what is killed three times while it is prepared fails, and says so`() async throws {
        try await Site.run(daemons: Self.daemons, parts: Self.parts) { site in
            try await site.kill9("flock-hook")
            let repository = try await HostedRepository("shop", server: EchoServer(in: site.folder), in: site)
            let commit = try await repository.push("first")
            for _ in 1...3 {
                try await site.start("flock-hook", fault: CrashPoint.hookBuilding.rawValue)
                let process = try await site.process("flock-hook")
                try await eventually("it dies") { !process.isRunning }
            }
            try await site.start("flock-hook")
            try await site.isHealthy([.hook])
            try await eventually("it fails") { try await site.deploys().last?.state == "failed" }
            let shown = try await site.flock(["deploys", "show", "1"])
            #expect(shown.status == 1 && shown.output.contains("flock-hook ended 3 times"), "\(shown.output)")
            #expect(try await site.deploys().last?.code == "interrupted")
            // The commit is dealt with, until somebody pushes it.
            #expect(try await site.deploys().count == 1)
            _ = await repository.deliver(commit, site)
            try await eventually("it is live") { try await site.deploys().last?.state == "live" }
        }
    }
}
