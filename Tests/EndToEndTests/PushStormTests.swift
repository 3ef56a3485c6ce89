import FlockCore
import FlockTesting
import Foundation
import Testing

/// Pushes to many apps while flock-hook is killed again and again. Deliveries are lost, sent again, and late.
@Suite struct PushStormTests {
    /// `FLOCK_PUSHES=1000` for the whole of it.
    private static let pushes = ProcessInfo.processInfo.environment["FLOCK_PUSHES"].flatMap { Int($0) } ?? 100

    @Test func `every branch ends at its tip, nothing is deployed twice, nothing is lost`() async throws {
        let (pushes, apps) = (Self.pushes, max(5, min(50, Self.pushes / 10)))
        let ports = freePortRange(300)
        let settings = [
            "engine.ports=\(ports.lowerBound)-\(ports.upperBound)", "hook.resync=2s",
        ]
        try await Site.run(
            settings: settings, daemons: ["flock-engine", "flock-hook"], parts: [.engine, .hook]
        ) { site in
            let server = try await EchoServer(in: site.folder)
            var repositories: [HostedRepository] = []
            for number in 0..<apps {
                repositories.append(try await HostedRepository("app-\(number)", server: server, in: site))
            }
            let began = ContinuousClock.now
            let isOver = Flag()
            async let kills = kill(site, until: isOver)
            let outcome: Outcome
            do {
                outcome = try await push(pushes, to: repositories, site)
            } catch {
                isOver.raise()
                throw error
            }
            isOver.raise()
            let killed = try await kills
            let pushed = ContinuousClock.now - began
            try await settle(outcome.tips, site)

            let deploys = try await site.deploys()
            let live = deploys.filter { $0.state == "live" }
            print(
                """
                \(pushes) pushes to \(apps) apps in \(pushed), flock-hook killed \(killed) times; \(outcome.taken.count) \
                deliveries taken, \(outcome.lost) lost, \(outcome.repeated) sent again; \(deploys.count) deploys, \
                \(live.count) live, all at their tips after \(ContinuousClock.now - began)
                """)
            #expect(deploys.filter { !["live", "superseded"].contains($0.state) }.isEmpty)
            // What was taken has come to an end that its number tells.
            let ended = Dictionary(uniqueKeysWithValues: deploys.map { ($0.id, $0) })
            for deploy in outcome.taken { #expect(ended[deploy]?.isFinal == true) }
            for (name, tip) in outcome.tips {
                let commits = live.filter { $0.repository.hasSuffix("/\(name).git") }.map(\.commit)
                #expect(commits.last == tip)
                #expect(Set(commits).count == commits.count, "\(name) was deployed twice")
            }
            // Each live deploy has started one task, whatever was killed meanwhile.
            #expect(site.starts == live.count)
        }
    }

    private struct Outcome: Sendable {
        var tips: [String: String] = [:]
        /// Deploys of deliveries that were answered.
        var taken: Set<Int64> = []
        var lost = 0
        var repeated = 0
    }

    private func push(_ count: Int, to repositories: [HostedRepository], _ site: Site) async throws -> Outcome {
        var outcome = Outcome()
        var former: [(repository: HostedRepository, commit: String, id: String)] = []
        var random = SystemRandomNumberGenerator()
        for number in 0..<count {
            let repository = repositories[
                number < repositories.count ? number : .random(in: repositories.indices, using: &random)]
            let commit = try await repository.push("push \(number)")
            outcome.tips[repository.name] = commit
            let id = UUID().uuidString
            // Every twelfth delivery never leaves the forge.
            let answered = number % 12 == 11 ? nil : await repository.deliver(commit, id: id, site)
            if let deploy = answered?.answer.deploy { outcome.taken.insert(deploy) } else { outcome.lost += 1 }
            former.append((repository, commit, id))
            if number % 5 == 4, let old = former.randomElement(using: &random) {
                // Somebody presses the button, or an old push arrives late under an id of its own.
                let again = number % 2 == 0 ? old.id : UUID().uuidString
                let answered = await old.repository.deliver(old.commit, id: again, site)
                if let deploy = answered?.answer.deploy { outcome.taken.insert(deploy) }
                outcome.repeated += 1
            }
        }
        return outcome
    }

    /// Kills it again and again, but not while it prepares a deploy for the third time: that it would give up.
    /// - Returns: how often.
    private func kill(_ site: Site, until isOver: Flag) async throws -> Int {
        var count = 0
        while !isOver.isRaised {
            try await Task.sleep(for: .milliseconds(.random(in: 1000...3000)))
            try await site.isHealthy([.hook])
            try await eventually("none is prepared for the second time", within: .seconds(180)) {
                try await site.deploys().allSatisfy { $0.isFinal || $0.attempts < 2 }
            }
            try await site.kill9("flock-hook")
            count += 1
            try await site.start("flock-hook")
        }
        return count
    }

    private func settle(_ tips: [String: String], _ site: Site) async throws {
        try await site.isHealthy([.hook])
        try await eventually("every branch is at its tip", within: .seconds(180)) {
            for (name, tip) in tips where try await site.commit(of: "/\(name)-1.0.0") != tip { return false }
            return try await site.deploys().allSatisfy(\.isFinal)
        }
    }
}
