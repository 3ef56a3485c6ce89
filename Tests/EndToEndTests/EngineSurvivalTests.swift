import FlockTesting
import Foundation
import NIOHTTP1
import Synchronization
import Testing

/// An app survives whatever happens to the engine. The cases that need no process are tested beside the scheduler and
/// the agent.
@Suite(.serialized)
struct EngineSurvivalTests {
    private static let id = "/hello-1.0.0"

    /// A definition of the app that serves, or of one of its own that does not.
    private static func definition(
        _ site: EngineSite, instances: Int = 1, cmd: String = "exec node server.js", check: String? = "/"
    ) throws -> String {
        let code = "\(site.folder.path)/code"
        try FileManager.default.createDirectory(atPath: code, withIntermediateDirectories: true)
        var uris: [String] = []
        for (name, text) in HelloApp.files(version: "1.0.0") {
            try text.write(toFile: "\(code)/\(name)", atomically: true, encoding: .utf8)
            uris.append("\(code)/\(name)")
        }
        var definition: [String: Any] = [
            "cmd": cmd, "instances": instances, "cpus": 0.1, "mem": 64, "uris": uris, "backoffSeconds": 0.1,
            "healthChecks": [],
        ]
        if let check {
            definition["healthChecks"] = [
                [
                    "protocol": "HTTP", "path": check, "gracePeriodSeconds": 300, "intervalSeconds": 1,
                    "timeoutSeconds": 5, "maxConsecutiveFailures": 0,
                ]
            ]
        }
        return String(decoding: try JSONSerialization.data(withJSONObject: definition), as: UTF8.self)
    }

    private func run(_ site: EngineSite, _ definition: String) async throws {
        #expect(try await site.ask(.PUT, "/v2/apps\(Self.id)", definition).status == 201)
        try await site.isQuiet()
    }

    /// Ids and ports of the app's tasks.
    private func tasks(_ site: EngineSite) async throws -> [String: [Int]] {
        let answer = try await site.ask(.GET, "/v2/apps\(Self.id)/tasks")
        let tasks = (answer["tasks"] as? [[String: Any]]) ?? []
        return Dictionary(
            uniqueKeysWithValues: tasks.compactMap { task in
                (task["id"] as? String).flatMap { id in (task["ports"] as? [Int]).map { (id, $0) } }
            })
    }

    /// Pids of Node below the site's folder.
    private func processes(_ site: EngineSite) throws -> Set<String> {
        try Set(
            FileManager.default.contentsOfDirectory(atPath: "/proc").filter { pid in
                let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd")
                let command = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") ?? Data()
                return folder?.hasPrefix("\(site.state)/engine/tasks/") == true
                    && command.starts(with: Data("node".utf8))
            })
    }

    @Test("kill -9 and ten restarts under load: no request fails; same task ids, pids and ports; no second copy")
    func restartsUnderLoad() async throws {
        try await EngineSite.run { site in
            try await run(site, Self.definition(site, instances: 3))
            let (tasks, processes) = (try await tasks(site), try processes(site))
            #expect(tasks.count == 3 && processes.count == 3)
            let isOver = Mutex(false)
            async let load = answers(site, tasks.values.joined(), until: isOver)
            for round in 0..<11 {
                try await site.end(round == 0 ? SIGKILL : SIGTERM)
                try site.start()
                try await site.isHealthy()
                #expect(try await self.tasks(site) == tasks)
                #expect(try self.processes(site) == processes)
            }
            try await eventually("all are healthy again") {
                try await site.ask(.GET, "/v2/apps\(Self.id)")["app", "tasksHealthy"] as? Int == 3
            }
            isOver.withLock { $0 = true }
            let answers = try await load
            #expect(answers.count > 50 && answers.allSatisfy { $0 == 200 })
            #expect(site.log.components(separatedBy: "task launched").count - 1 == 3)
        }
    }

    private func answers(_ site: EngineSite, _ ports: some Sequence<Int>, until isOver: borrowing Mutex<Bool>)
        async throws -> [UInt]
    {
        var statuses: [UInt] = []
        while !isOver.withLock({ $0 }) {
            for port in ports {
                let (status, _) = try await site.get("http://127.0.0.1:\(port)/")
                statuses.append(status)
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        return statuses
    }

    @Test("a task that ends while no engine runs: its real status is told, and it is replaced once")
    func endWithoutEngine() async throws {
        try await EngineSite.run { site in
            let cmd = "while [ ! -e go ]; do sleep 0.02; done; exit 7"
            try await run(site, Self.definition(site, cmd: cmd, check: nil))
            let before = try await tasks(site)
            let task = try #require(before.keys.first)
            try await site.end(SIGKILL)
            _ = FileManager.default.createFile(atPath: "\(site.state)/engine/tasks/\(task)/go", contents: nil)
            try await eventually("it ends") {
                FileManager.default.fileExists(atPath: "\(site.state)/engine/runs/\(task)/exit")
            }
            try site.start()
            try await site.isHealthy()
            try await eventually("another runs") {
                let now = try await tasks(site)
                return now.count == 1 && now.keys != before.keys
            }
            let failure = try await site.ask(.GET, "/v2/apps\(Self.id)")
            #expect(failure["app", "lastTaskFailure", "message"] as? String == "Command exited with status 7")
            #expect(failure["app", "lastTaskFailure", "state"] as? String == "TASK_FAILED")
            #expect(failure["app", "lastTaskFailure", "taskId"] as? String == task)
            #expect(site.log.components(separatedBy: "task launched").count - 1 == 2)
        }
    }

    @Test("a deployment that was under way goes on; the old version serves until the new one is healthy")
    func deploymentGoesOn() async throws {
        try await EngineSite.run { site in
            try await run(site, Self.definition(site))
            let old = try #require(try await tasks(site).first)
            // Serves only once it is let.
            let cmd = "while [ ! -e go ]; do sleep 0.02; done; exec node server.js"
            #expect(try await site.ask(.PUT, "/v2/apps\(Self.id)", Self.definition(site, cmd: cmd)).status == 200)
            try await eventually("the new one is started") {
                try await site.ask(.GET, "/v2/apps\(Self.id)")["app", "tasksRunning"] as? Int == 2
            }
            try await site.end(SIGKILL)
            try site.start()
            try await site.isHealthy()
            #expect(try await site.get("http://127.0.0.1:\(old.value[0])/").status == 200)
            #expect(try await site.ask(.GET, "/v2/deployments")[0, "affectedApps", 0] as? String == Self.id)
            let new = try #require(try await tasks(site).keys.first { $0 != old.key })
            _ = FileManager.default.createFile(atPath: "\(site.state)/engine/tasks/\(new)/go", contents: nil)
            try await site.isQuiet()
            #expect(try await Array(tasks(site).keys) == [new])
        }
    }

    @Test("a second engine on the same folder is refused")
    func secondEngine() async throws {
        try await EngineSite.run { site in
            let other = try site.startAnother()
            defer { other.signal(SIGKILL) }
            #expect(try await other.status() != 0)
            #expect(other.output.contains("already"), "\(other.output)")
            #expect(try await site.ask(.GET, "/v2/apps").status == 200)
        }
    }

    @Test("a store that cannot be read: the engine says so and does not start with no apps; tasks live on")
    func tornStore() async throws {
        try await EngineSite.run { site in
            try await run(site, Self.definition(site))
            let (tasks, processes) = (try await tasks(site), try processes(site))
            try await site.end(SIGKILL)
            let store = "\(site.state)/engine/marathon.db"
            let files = [store, store + "-wal"].filter { FileManager.default.fileExists(atPath: $0) }
            let contents = try files.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
            for file in files {
                try Data(repeating: 0x5A, count: 4096).write(to: URL(fileURLWithPath: file))
            }
            let engine = try site.startAnother()
            defer { engine.signal(SIGKILL) }
            #expect(try await engine.status() != 0)
            #expect(engine.output.contains("marathon.db"), "\(engine.output)")
            #expect(try self.processes(site) == processes)
            for (file, content) in zip(files, contents) { try content.write(to: URL(fileURLWithPath: file)) }
            try site.start()
            try await site.isHealthy()
            #expect(try await self.tasks(site) == tasks)
        }
    }

    @Test("a hog is ended for its memory, which is told, and its neighbour goes on", .enabled(if: geteuid() == 0))
    func memoryLimit() async throws {
        try await EngineSite.run { site in
            try await run(site, Self.definition(site))
            let neighbour = try processes(site)
            let hog =
                #"{"cmd": "exec node -e 'const a = []; for (;;) a.push(Buffer.alloc(1 << 20, 1))'", "#
                + #""mem": 64, "cpus": 0.1, "instances": 1, "backoffSeconds": 60}"#
            #expect(try await site.ask(.PUT, "/v2/apps/hog", hog).status == 201)
            try await eventually("it is ended for its memory") {
                let failure = try await site.ask(.GET, "/v2/apps/hog")["app", "lastTaskFailure", "message"]
                return (failure as? String)?.contains("Memory limit exceeded") == true
            }
            #expect(try processes(site) == neighbour)
        }
    }
}
