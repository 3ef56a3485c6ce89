import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

/// flock-hook ends in the middle of a rollback that has to put its app again: it comes to one end with the next process,
/// the new release or the old one, and the name serves all the time.
@Suite(.serialized)
struct ReleaseCrashTests {
    @Test func `flock-hook dies at each step of a rollback, which comes to its end all the same`() async throws {
        let points: [CrashPoint] = [.hookSubmitting, .hookSubmitted, .hookVerified, .hookPublished, .hookReleased]
        try await Site.run { site in
            let commits = try await site.replacedInPlace()
            let failures = try await site.visited {
                for (index, point) in points.enumerated() {
                    let (source, number, starts) = (index % 2, index + 3, site.starts)
                    try await site.hookDies(at: point, rollingBackTo: source + 1)
                    try await site.start("flock-hook")
                    try await eventually("\(point): v\(number) is there", or: site.log("flock-hook")) {
                        try await site.releases().first.map { $0.number == number && $0.standing == "current" } == true
                    }
                    #expect(try await site.record(of: "shop")?.number == number, "\(point)")
                    #expect(try await site.commit(of: "/shop-1.0.0") == commits[source], "\(point)")
                    #expect(site.starts == starts + 1, "\(point): started \(site.starts - starts) times")
                    #expect(try await site.releases().allSatisfy { $0.standing != "pending" }, "\(point)")
                }
            }
            #expect(failures.isEmpty, "\(failures)")
        }
    }

    @Test func `a rollback whose app does not come up is undone, wherever flock-hook dies`() async throws {
        let points: [CrashPoint] = [.hookSubmitted, .hookFailing, .hookRestored]
        try await Site.run { site in
            let commits = try await site.replacedInPlace()
            // The code of v1 is not what it was.
            let archive = "\(site.state)/artifacts/shop-\(commits[0]).tar"
            #expect(try await run("tar", ["-cf", archive, "-T", "/dev/null"]).isSuccess)
            let failures = try await site.visited {
                for (index, point) in points.enumerated() {
                    try await site.hookDies(at: point, rollingBackTo: 1)
                    try await site.start("flock-hook")
                    try await eventually("\(point): it has failed", within: .seconds(60), or: site.log("flock-hook")) {
                        try await site.releases().first.map { $0.number == index + 3 && $0.standing == "failed" }
                            == true
                    }
                    #expect(try await site.releases().first?.code == "app_failing", "\(point)")
                    #expect(try await site.commit(of: "/shop-1.0.0") == commits[1], "\(point)")
                    #expect(try await site.record(of: "shop")?.number == 2, "\(point)")
                }
            }
            #expect(failures.isEmpty, "\(failures)")
            let table = try await site.flock(["releases", "shop"]).output
            #expect(table.contains("failed") && table.contains("rollback to v1: the program ends again"), "\(table)")
            let refused = try await site.flock(["rollback", "shop", "3"])
            #expect(refused.output.contains("shop has no release v3; there are: v2, v1"), "\(refused.output)")
        }
    }

    @Test func `a rollback that a newer release has overtaken leaves nothing behind`() async throws {
        try await Site.run(daemons: ["flock-engine", "flock-hook"], parts: [.engine, .hook]) { site in
            let commits = try await site.replacedInPlace()
            try await site.hookDies(at: .hookSubmitted, rollingBackTo: 1)
            #expect(try await site.commit(of: "/shop-1.0.0") == commits[0])
            // As a deploy makes it that has the turn first.
            var record = try #require(try await site.record(of: "shop"))
            record.number = 9
            _ = try await site.marathon.put(record.definition, to: ReleaseRecord.id(for: record.slug), force: true)
            try await site.start("flock-hook")
            try await eventually("it is given up") { try await site.releases().first?.code == "superseded" }
            #expect(try await site.commit(of: "/shop-1.0.0") == commits[1])
            #expect(try await site.record(of: "shop")?.number == 9)
        }
    }

    @Test func `a rollback that flock-hook is stopped in goes on with the next one`() async throws {
        try await Site.run(daemons: ["flock-engine", "flock-hook"], parts: [.engine, .hook]) { site in
            let slow = "node -e 'setTimeout(() => require(\\\"./server.js\\\"), 3000)'"
            let program = try await site.makeApp(
                "shop", files: HelloApp.files(name: "shop", version: "1.0.0", start: slow))
            try await program.push()
            let first = try #require(try await site.commit(of: "/shop-1.0.0"))
            try await program.commit(HelloApp.files(name: "shop", version: "1.0.0"))
            try await program.push()
            async let rollback = site.flock(["rollback", "shop"])
            try await eventually("it is put") { try await site.commit(of: "/shop-1.0.0") == first }
            let hook = try await site.process("flock-hook")
            hook.signal(SIGTERM)
            try await hook.waitUntilExit()
            _ = try await rollback
            try await site.start("flock-hook")
            try await eventually("v3 is there", or: site.log("flock-hook")) {
                try await site.releases().first.map { $0.number == 3 && $0.standing == "current" } == true
            }
            #expect(try await site.commit(of: "/shop-1.0.0") == first)
        }
    }
}

/// A row of `flock releases --json`.
private struct ReleaseRow: Decodable {
    var number: Int
    var standing: String
    var code: String?
}

extension Site {
    /// None while flock-hook is away.
    fileprivate func releases() async throws -> [ReleaseRow] {
        let ran = try await flock(["releases", "shop", "--json"])
        return ran.isSuccess ? try JSONDecoder().decode([ReleaseRow].self, from: Data(ran.output.utf8)) : []
    }

    /// v1 and v2 of `/shop-1.0.0`, of which only the second is there.
    /// - Returns: the commits of both.
    fileprivate func replacedInPlace() async throws -> [String] {
        let repository = try await HostedRepository("shop", server: EchoServer(in: folder), in: self)
        var commits: [String] = []
        for text in ["first", "second"] {
            commits.append(try await repository.push(text))
            try await isLive(commits[commits.count - 1], of: repository)
        }
        return commits
    }

    /// Leaves no flock-hook running.
    fileprivate func hookDies(at point: CrashPoint, rollingBackTo number: Int) async throws {
        try await kill9("flock-hook")
        try await start("flock-hook", fault: point.rawValue)
        try await isHealthy([.hook])
        let process = try await process("flock-hook")
        let ran = try await flock(["rollback", "shop", String(number)])
        #expect(ran.status == 69, "\(point): \(ran.output)")
        try await eventually("it dies at \(point)", within: .seconds(60)) { !process.isRunning }
    }

    /// - Returns: what went wrong with requests meanwhile.
    fileprivate func visited(_ body: () async throws -> Void) async throws -> [String] {
        try await eventually("the app answers") { try await request("shop.flock.test").status == 200 }
        let (load, isOver) = (LoadGenerator(port: webPort), Flag())
        async let visitors: Void = load.send(every: .milliseconds(50), until: isOver) { _ in
            LoadRequest(host: "shop.flock.test", path: "/x", connection: .new, apps: ["/shop-1.0.0"])
        }
        defer { isOver.raise() }
        try await body()
        isOver.raise()
        await visitors
        let report = await load.findings()
        await load.close()
        print(report)
        return report.failures
    }
}
