import FlockCore
import FlockTesting
import Foundation
import Marathon
import Synchronization
import Testing

@testable import FlockEngine

@Suite(.timeLimit(.minutes(3))) struct MachineAgentCrashTests {
    @Test(arguments: FaultPoint.allCases)
    func `an engine gone between two steps leaves nothing behind and loses nothing`(_ point: FaultPoint) async throws {
        try await MachineAgentSite.with { site in
            let isGone = Mutex(false)
            let first = site.agent(dies: { passed in
                isGone.withLock { isGone in
                    if passed == point { isGone = true }
                    return isGone
                }
            })
            let starts = "\(site.folder.path)/starts"
            let port = site.total.ports[0].lowerBound
            let task = site.task("echo one >> \(starts); sleep 300 & echo up; exec sleep 300", ports: [port]) {
                $0.uris = ["/etc/hostname"]
            }
            try await first.start(task)
            let afterRunning: [FaultPoint] = [
                .killRecorded, .termSent, .shimEnded, .boxEmptied, .endRecorded, .endTold, .boxRemoved,
            ]
            if afterRunning.contains(point) {
                try await first.wait(task, of: site)
                await first.agent.kill(task.taskID, grace: .seconds(20))
            }
            if point == .boxRemoved {
                _ = try await first.end(task)
                await first.agent.acknowledge(task.taskID)
            }
            try await eventually("the first agent is gone", or: "\(first.statuses(task))") {
                await first.agent.isStopped
            }

            let second = site.agent()
            await second.agent.reconcile([task.taskID])
            try await eventually("a status") { !second.statuses(task).isEmpty }
            if second.statuses(task)[0].state == .running { await second.agent.kill(task.taskID, grace: .seconds(20)) }
            _ = try await second.end(task)
            #expect(site.launcher.processes(of: task.taskID).isEmpty)
            await second.agent.acknowledge(task.taskID)
            try await eventually("all is removed") { site.isClean(task) }
            #expect(second.ends(task).count == 1, "\(second.statuses(task))")
            try await eventually("all is offered") { second.offers.last?.resources == site.total }
            let started = (try? String(contentsOfFile: starts, encoding: .utf8)) ?? ""
            #expect(started.isEmpty || started == "one\n")
        }
    }

    @Test func `a task that ended while no agent was there is told with its real status`() async throws {
        try await MachineAgentSite.with { site in
            let first = site.agent()
            let go = "\(site.folder.path)/go"
            let task = site.task("echo up; while [ ! -e \(go) ]; do sleep 0.02; done; exit 3")
            try await first.run(task)
            await first.agent.stop()
            _ = FileManager.default.createFile(atPath: go, contents: nil)
            try await eventually("its status is written") {
                (try? String(contentsOfFile: "\(site.run(task))/exit", encoding: .utf8)) == "3\n"
            }
            let second = site.agent()
            await second.agent.reconcile([task.taskID])
            let end = try await second.end(task)
            #expect(end.state == .failed && end.message == "Command exited with status 3" && end.reason == .command)
            #expect(second.statuses(task).count == 1)
        }
    }

    @Test func `a task goes on under the next agent, and its end is seen`() async throws {
        try await MachineAgentSite.with { site in
            let first = site.agent()
            let port = site.total.ports[0].lowerBound
            let task = site.task("echo $$; exec sleep 300", ports: [port])
            try await first.run(task)
            try await eventually("pid") { !site.numbers(task).isEmpty }
            var agent = first
            for _ in 1...5 {
                await agent.agent.stop()
                agent = site.agent()
                await agent.agent.reconcile([task.taskID])
                try await eventually("it runs") { agent.statuses(task).map(\.state) == [.running] }
                try await eventually("its port is left out") {
                    agent.offers.last.map { !$0.resources.ports.joined().contains(port) } == true
                }
            }
            kill(site.numbers(task)[0], SIGKILL)
            let end = try await agent.end(task)
            #expect(end.state == .failed && end.message == "Command terminated with signal SIGKILL")
        }
    }

    @Test func `a task that is to end is ended by the next agent`() async throws {
        try await MachineAgentSite.with { site in
            let first = site.agent(dies: { $0 == .killRecorded })
            let task = site.task("echo up; exec sleep 300")
            try await first.run(task)
            try await first.wait(task, of: site)
            await first.agent.kill(task.taskID, grace: .seconds(20))
            let second = site.agent()
            await second.agent.reconcile([task.taskID])
            let end = try await second.end(task)
            #expect(end.state == .killed && end.message == "Command terminated with signal SIGTERM")
        }
    }

    @Test func `a record that names a living stranger neither kills nor adopts it`() async throws {
        try await MachineAgentSite.with { site in
            let stranger = try Process.run(URL(fileURLWithPath: "/bin/sleep"), arguments: ["300"])
            let pid = stranger.processIdentifier
            defer { kill(pid, SIGKILL) }
            // Once another process by its start time, once with the right one but not a shim.
            for startTime in [1, ProcessStat(pid: pid)?.startTime ?? 0] {
                let task = site.task("true")
                let store = RunStore(folder: site.folder.path)
                try store.write(RunRecord(launch: task, bootID: ProcessIdentity.bootID()))
                try "\(pid) \(startTime)\n".write(
                    toFile: "\(site.run(task))/pid", atomically: true, encoding: .utf8)
                let agent = site.agent()
                await agent.agent.reconcile([task.taskID])
                #expect(try await agent.end(task).state == .lost)
                await agent.agent.acknowledge(task.taskID)
                await agent.agent.killAll(grace: .zero)
                #expect(ProcessStat(pid: pid)?.isAlive == true)
            }
        }
    }

    @Test func `a zombie counts as dead`() async throws {
        try await MachineAgentSite.with { site in
            // A parent that never looks after its child.
            let parent = try Process.run(
                URL(fileURLWithPath: "/usr/bin/python3"),
                arguments: [
                    "-c",
                    """
                    import os, subprocess, time
                    child = subprocess.Popen(["sleep", "300"])
                    open("\(site.folder.path)/child.new", "w").write(str(child.pid))
                    os.rename("\(site.folder.path)/child.new", "\(site.folder.path)/child")
                    time.sleep(300)
                    """,
                ])
            defer { kill(parent.processIdentifier, SIGKILL) }
            let file = "\(site.folder.path)/child"
            try await eventually("a child") { FileManager.default.fileExists(atPath: file) }
            let pid = try #require(Int32(try String(contentsOfFile: file, encoding: .utf8)))
            // As long as the parent is there, nobody else gets its pid.
            defer { kill(pid, SIGKILL) }
            let identity = ProcessIdentity(pid: pid, startTime: try #require(ProcessStat(pid: pid)?.startTime))
            #expect(identity.isAlive)
            async let ended: Void = ProcessExit.wait(for: identity)
            kill(pid, SIGKILL)
            await ended
            #expect(!identity.isAlive && kill(pid, 0) == 0)
        }
    }

    @Test func `after a restart of the machine all tasks are lost and no pid is trusted`() async throws {
        try await MachineAgentSite.with { site in
            let first = site.agent()
            let task = site.task("echo $$; exec sleep 300")
            try await first.run(task)
            try await eventually("pid") { !site.numbers(task).isEmpty }
            await first.agent.stop()
            let pid = site.numbers(task)[0]
            defer { kill(pid, SIGKILL) }
            let second = site.agent(bootID: "another")
            await second.agent.reconcile([task.taskID])
            #expect(try await second.end(task).state == .lost)
            #expect(ProcessStat(pid: pid)?.isAlive == true)
        }
    }

    @Test(arguments: ["", "{", "{\"launch\": 1}"])
    func `a torn record is cleaned up with what it belongs to`(_ text: String) async throws {
        try await MachineAgentSite.with { site in
            let first = site.agent()
            let task = site.task("echo up; exec sleep 300")
            let other = site.task("echo up; exec sleep 300")
            try await first.run(task)
            try await first.run(other)
            try await first.wait(task, of: site)
            await first.agent.stop()
            for task in [task, other] {
                try text.write(toFile: "\(site.run(task))/record.json", atomically: true, encoding: .utf8)
            }
            let second = site.agent()
            // The other is not even asked for.
            await second.agent.reconcile([task.taskID])
            #expect(try await second.end(task).state == .lost)
            try await eventually("all is removed") { site.isClean(task) && site.isClean(other) }
            #expect(second.ends(other) == [])
        }
    }

    @Test func `a status is told again until it is acknowledged`() async throws {
        try await MachineAgentSite.with { site in
            let first = site.agent()
            let task = site.task("exit 7")
            try await first.run(task)
            let end = try await first.end(task)
            await first.agent.reconcile([task.taskID])
            try await eventually("told again") { first.ends(task) == [end, end] }
            await first.agent.stop()
            let second = site.agent()
            await second.agent.reconcile([task.taskID])
            #expect(try await second.end(task) == end)
            await second.agent.acknowledge(task.taskID)
            #expect(site.isClean(task) && FileManager.default.fileExists(atPath: site.sandbox(task)))
            await second.agent.reconcile([task.taskID])
            try await eventually("unknown now") { second.ends(task).last?.state == .lost }
        }
    }

    @Test func `a task that nobody wants any longer is killed`() async throws {
        try await MachineAgentSite.with { site in
            let first = site.agent()
            let task = site.task("echo up; exec sleep 300")
            try await first.run(task)
            try await first.wait(task, of: site)
            await first.agent.stop()
            let second = site.agent()
            await second.agent.reconcile([])
            #expect(try await second.end(task).state == .killed)
            try await eventually("all is removed") { site.isClean(task) }
        }
    }
}
