import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Synchronization
import Testing

/// The whole loop with real HAProxy, git and Node, each daemon a process of its own.
@Suite(.serialized)
struct LoopTests {
    @Test("push → 200 → asleep → 50 GETs and POSTs at once wake it: 50 right answers, one task started")
    func pushServeSleepWake() async throws {
        try await Site.run(idleAfter: "2s") { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            let push = try await program.push()
            #expect(push.contains("release 1 is live at http://hello.flock.test:\(site.webPort)/"), "\(push)")
            try await eventually("the app answers") { try await site.request("hello.flock.test").status == 200 }

            try await eventually("the app sleeps") { try await site.marathon.app("/hello-1.0.0")?.instances == 0 }
            try await eventually("its task is gone") { try await site.marathon.tasks(of: "/hello-1.0.0").isEmpty }
            #expect(try await processes(in: site).isEmpty)

            let launchesBefore = site.launches
            let answers = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let body = number % 2 == 0 ? nil : [UInt8](repeating: 7, count: number * 1000)
                        let answer = try await site.request(
                            "hello.flock.test", "/\(number)", method: body == nil ? .GET : .POST, body: body)
                        let expected = "1.0.0 \(body == nil ? "GET" : "POST") \(body?.count ?? 0)"
                        return (
                            answer.status, answer.body == expected ? "right" : "\(answer.body) instead of \(expected)"
                        )
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count(where: { $0.0 == 200 && $0.1 == "right" }) == 50, "\(answers)")
            #expect(site.launches - launchesBefore == 1)
        }
    }

    @Test("a new version under 50 requests a second: none fails, the new one takes over, the old keeps its own URL")
    func deployUnderLoad() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            try await eventually("version 1 answers") {
                try await site.request("hello.flock.test").body == "1.0.0 GET 0"
            }

            let isOver = Flag()
            async let load = answers(of: site, every: .milliseconds(20), until: isOver)
            try await program.commit(HelloApp.files(version: "2.0.0"))
            let push = try await program.push()
            #expect(push.contains("release 2 is live"), "\(push)")
            try await eventually("version 2 answers") {
                try await site.request("hello.flock.test").body == "2.0.0 GET 0"
            }
            isOver.raise()
            let answers = try await load
            #expect(answers.count > 10)
            #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.filter { $0.status != 200 })")
            // Never back: once the new version answers, the old one does not.
            let firstNew = answers.firstIndex { $0.body.hasPrefix("2.0.0") } ?? answers.count
            #expect(answers[firstNew...].allSatisfy { $0.body.hasPrefix("2.0.0") })

            #expect(try await site.request("hello-1-0-0.flock.test").body == "1.0.0 GET 0")
            #expect(try await site.request("hello_1_0_0.flock.test").body == "1.0.0 GET 0")
            #expect(try await site.request("hello-2-0-0.flock.test").body == "2.0.0 GET 0")
        }
    }

    @Test("kill -9 of each daemon in turn: tasks live on, the loop still works, nothing pushed is lost")
    func killEachDaemon() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            try await eventually("it answers") { try await site.request("hello.flock.test").status == 200 }
            let before = try await site.marathon.tasks(of: "/hello-1.0.0")
            let processesBefore = try await processes(in: site)

            for (number, daemon) in Site.daemons.enumerated() {
                try await site.kill9(daemon)
                // What serves goes on serving without it.
                #expect(try await site.request("hello.flock.test").status == 200, "without \(daemon)")
                if daemon == "flock-hook" {
                    try await program.commit(HelloApp.files(version: "9.0.0"))
                    #expect(try await program.push().contains("flock-hook does not answer"))
                }
                try await site.start(daemon)
                try await site.isHealthy()
                let after = try await site.marathon.tasks(of: "/hello-1.0.0")
                #expect(after.map(\.id) == before.map(\.id))
                #expect(after.map(\.ports) == before.map(\.ports))
                #expect(try await processes(in: site) == processesBefore)
                if daemon == "flock-hook" {
                    try await eventually("what was pushed meanwhile is deployed") {
                        try await site.request("hello.flock.test").body.hasPrefix("9.0.0")
                    }
                } else {
                    try await program.commit(HelloApp.files(version: "1.0.\(number + 1)"))
                    #expect(try await program.push().contains("is live"))
                    try await eventually("1.0.\(number + 1) answers") {
                        try await site.request("hello.flock.test").body.hasPrefix("1.0.\(number + 1)")
                    }
                    try await scaleToZero("/hello-1.0.\(number + 1)", site)
                    #expect(try await site.request("hello.flock.test").status == 200, "woken after \(daemon) came back")
                    // Until then flock-backup, which may be the next to be killed, is the only way to it.
                    try await site.isServedByTask("app_hello_1_0_\(number + 1)")
                }
                if number < Site.daemons.count - 1 {
                    #expect(try await site.request("hello-1-0-0.flock.test").status == 200)
                }
            }
        }
    }

    @Test("an app that never gets healthy: the old release serves on, the push shows the end of its errors")
    func unhealthyApp() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            try await eventually("it answers") { try await site.request("hello.flock.test").status == 200 }

            try await program.commit(HelloApp.files(version: "2.0.0", start: "node missing.js"))
            let push = try await program.push()
            #expect(push.contains("failed: the program ends again and again"), "\(push)")
            #expect(push.contains("Cannot find module"), "\(push)")
            #expect(try await site.request("hello.flock.test").body.hasPrefix("1.0.0"))
            #expect(try await site.marathon.app("/hello-2.0.0") == nil)

            // The same version again, broken: what ran before comes back.
            try await program.commit(HelloApp.files(version: "1.0.0", start: "node missing.js"))
            #expect(try await program.push().contains("failed:"))
            #expect(try await site.request("hello.flock.test").body.hasPrefix("1.0.0"))
        }
    }

    @Test("a task that is killed under requests on kept connections: each is answered, by the next task")
    func killedTask() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            try await eventually("it answers") { try await site.request("hello.flock.test").status == 200 }

            let isOver = Flag()
            let tally = Tally()
            async let first = answers(of: site, every: .milliseconds(2), until: isOver) {
                tally.counts.withLock { $0[0] += 1 }
            }
            async let second = answers(of: site, every: .milliseconds(2), until: isOver) {
                tally.counts.withLock { $0[1] += 1 }
            }
            for _ in 0..<4 {
                // So that connections are kept, and no request meets a second task that ends.
                let old = tally.counts.withLock(\.self)
                try await eventually("each visitor has new answers") {
                    zip(tally.counts.withLock(\.self), old).allSatisfy { $0 >= $1 + 20 }
                }
                let before = try await processes(in: site)
                for pid in before { kill(Int32(pid), SIGKILL) }
                try await eventually("another task runs") {
                    let now = try await processes(in: site)
                    return !now.isEmpty && now.isDisjoint(with: before)
                }
                try await eventually("it answers") { try await site.request("hello.flock.test").status == 200 }
            }
            isOver.raise()
            let answers = try await first + second
            #expect(answers.count > 100)
            #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.filter { $0.status != 200 })")
        }
    }

    // MARK: Details

    /// How many answers each visitor has.
    private final class Tally: Sendable {
        let counts = Mutex([0, 0])
    }

    /// What one visitor gets who asks again and again.
    private func answers(
        of site: Site, every pause: Duration, until isOver: Flag, counting: @Sendable () -> Void = {}
    ) async throws -> [(status: Int, body: String)] {
        var answers: [(status: Int, body: String)] = []
        var next = ContinuousClock.now
        while !isOver.isRaised {
            let answer = try await site.request("hello.flock.test")
            answers.append((answer.status, answer.body))
            counting()
            next += pause
            try await Task.sleep(until: next)
        }
        return answers
    }

    private func scaleToZero(_ id: String, _ site: Site) async throws {
        _ = try await site.marathon.scale(id, to: 0)
        try await eventually("\(id) is at zero") { try await site.marathon.tasks(of: id).isEmpty }
    }

    /// Pids of Node processes that run below the site's folder.
    private func processes(in site: Site) async throws -> Set<Int> {
        let entries = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { Int($0) }
        return Set(
            entries.filter { pid in
                let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
                let command = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
                return folder?.hasPrefix("\(site.state)/engine/tasks/hello-1.0.0.") == true
                    && command.starts(with: Data("node".utf8))
            })
    }
}
