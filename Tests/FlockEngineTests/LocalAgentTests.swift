import AsyncHTTPClient
import Foundation
import Logging
import Marathon
import Testing

@testable import FlockEngine

@Suite(.timeLimit(.minutes(2))) struct LocalAgentTests {
    private struct Run {
        var ending: Scheduler.Ending
        var stdout: String
        var stderr: String
        var sandbox: String
        var task: TaskRecord
    }

    /// Runs one task to its end.
    /// - Parameter killWhen: the task is asked to end once its standard output has this.
    private func run(
        _ definition: AppDefinition, killWhen text: String? = nil, grace: Duration = .milliseconds(200),
        look: (Run) throws -> Void
    ) async throws {
        let root = EngineExamples.temporaryFolder()
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: MarathonClient.httpConfiguration)
        let folders = TaskFolders(root: root)
        let agent = LocalAgent(folders: folders, http: http, logger: Logger(label: "test"))
        var task = EngineExamples.task(
            "a.instance-\(UUID().uuidString.lowercased())._app.1", config: "v1", ready: false)
        task.ports = []
        await agent.launch(task, definition)
        let sandbox = folders.sandbox(task.id)
        func read(_ name: String) -> String {
            (try? String(contentsOfFile: "\(sandbox)/\(name)", encoding: .utf8)) ?? ""
        }
        if let text {
            let deadline = ContinuousClock.now + .seconds(20)
            while !read("stdout").contains(text) && ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(10))
            }
            await agent.kill(task.id, grace: grace)
        }
        var ending = Scheduler.Ending.lost
        for await report in agent.reports {
            if case .ended(_, let how) = report {
                ending = how
                break
            }
        }
        let result = Result {
            try look(Run(ending: ending, stdout: read("stdout"), stderr: read("stderr"), sandbox: sandbox, task: task))
        }
        await agent.killAll(grace: .zero)
        try await http.shutdown()
        try? FileManager.default.removeItem(atPath: root)
        try result.get()
    }

    @Test func `a task has the documented environment and nothing of ours`() async throws {
        setenv("FLOCK_TEST_SECRET", "must not be seen", 1)
        var definition = EngineExamples.definition(cmd: "env")
        definition.env = ["GREETING": "hello"]
        definition.labels = ["FLOCK_APP": "a"]
        try await run(definition) { run in
            let lines = Set(run.stdout.split(separator: "\n").map(String.init))
            #expect(
                lines.isSuperset(of: [
                    "GREETING=hello", "MARATHON_APP_ID=/a", "MARATHON_APP_LABEL_FLOCK_APP=a",
                    "MESOS_TASK_ID=\(run.task.id)", "MESOS_SANDBOX=\(run.sandbox)", "HOME=\(run.sandbox)",
                    "HOST=127.0.0.1",
                ]))
            let allowed = [
                "MARATHON_", "MESOS_", "PATH=", "LANG=", "HOME=", "HOST=", "GREETING=", "PWD=", "OLDPWD=", "_=",
                "SHLVL=",
            ]
            #expect(lines.filter { line in !allowed.contains { line.hasPrefix($0) } } == [])
            #expect(run.ending == .exited(0))
        }
    }

    @Test func `output, errors and status are kept apart`() async throws {
        try await run(EngineExamples.definition(cmd: "echo out; echo err >&2; exit 7")) { run in
            #expect(run.stdout == "out\n" && run.stderr == "err\n" && run.ending == .exited(7))
        }
    }

    @Test func `a task that ignores the polite signal is killed with its children`() async throws {
        let cmd =
            "trap '' TERM; (trap '' TERM; while :; do sleep 0.1; done) & echo child $!; while :; do sleep 0.1; done"
        try await run(EngineExamples.definition(cmd: cmd), killWhen: "child") { run in
            #expect(run.ending == .signalled(SIGKILL))
            let child = try #require(Int32(run.stdout.split(whereSeparator: \.isWhitespace).last ?? ""))
            #expect(!ProcessTable.isAlive(child))
        }
    }

    @Test func `a task that ends when asked is not killed`() async throws {
        let cmd = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"
        try await run(EngineExamples.definition(cmd: cmd), killWhen: "up", grace: .seconds(20)) { run in
            #expect(run.ending == .exited(0) && run.stdout == "up\nbye\n")
        }
    }

    @Test func `an archive is unpacked before the start`() async throws {
        let folder = EngineExamples.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/app", withIntermediateDirectories: true)
        try "hello\n".write(toFile: "\(folder)/app/file.txt", atomically: true, encoding: .utf8)
        let tar = try Process.run(
            URL(fileURLWithPath: "/usr/bin/env"), arguments: ["tar", "-C", folder, "-cf", "\(folder)/app.tar", "app"])
        tar.waitUntilExit()
        var definition = EngineExamples.definition(cmd: "cat app/file.txt")
        definition.uris = ["file://\(folder)/app.tar"]
        try await run(definition) { #expect($0.stdout == "hello\n") }
    }

    @Test(arguments: ["/nowhere/app.tar", "http://127.0.0.1:1/app.tar", "file:///nowhere/x"])
    func `what cannot be fetched is said with its address`(_ uri: String) async throws {
        var definition = EngineExamples.definition(cmd: "echo started")
        definition.uris = [uri]
        try await run(definition) { run in
            guard case .failedToStart(let why) = run.ending else {
                Issue.record("ended as \(run.ending)")
                return
            }
            #expect(why.contains("Failed to fetch \(uri)") && run.stdout.isEmpty)
        }
    }
}
