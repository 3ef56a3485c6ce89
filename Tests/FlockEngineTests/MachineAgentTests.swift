import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOCore
import NIOPosix
import Testing

@testable import FlockEngine

@Suite(.timeLimit(.minutes(2))) struct MachineAgentTests {
    @Test func `a task has exactly its environment, also names and values that a shell would mistake`() async throws {
        try await MachineAgentSite.with { site in
            let agent = site.agent()
            let values = [
                "QUOTES": "it's \"$HOME\" `id`", "LINES": "a\nb", "dotted.name": "x y", "OPTIND": "no number",
            ]
            var task = site.task("", ports: [site.total.ports[0].lowerBound]) {
                $0.cmd = nil
                $0.args = ["/usr/bin/env", "-0"]
                $0.env = values
                $0.portDefinitions = [PortDefinition(port: 10_001, name: "web")]
            }
            task.resources.ports = []
            try await agent.run(task)
            #expect(try await agent.end(task).message == "Command exited with status 0")
            let lines = site.output(task).split(separator: "\0").map(String.init)
            let port = "\(task.ports[0])"
            let expected = values.merging([
                "MESOS_TASK_ID": task.taskID, "MARATHON_APP_ID": "/a", "PORT0": port, "PORT": port, "PORTS": port,
                "PORT_10001": port, "PORT_WEB": port, "HOST": "127.0.0.1", "HOME": site.sandbox(task),
            ]) { $1 }
            for (name, value) in expected { #expect(lines.contains("\(name)=\(value)")) }
            #expect(!lines.contains { $0.hasPrefix("FLOCK_") })
        }
    }

    @Test(arguments: [
        ("exit 0", TaskStatus.State.finished, "Command exited with status 0"),
        ("exit 3", .failed, "Command exited with status 3"),
        ("kill -SEGV $$", .failed, "Command terminated with signal SIGSEGV"),
        ("exec /no/such/program", .failed, "Command exited with status 127"),
    ])
    func `the end is told in Mesos' words`(_ cmd: String, _ state: TaskStatus.State, _ message: String) async throws {
        try await MachineAgentSite.with { site in
            let agent = site.agent()
            let task = site.task(cmd)
            try await agent.start(task)
            let end = try await agent.end(task)
            #expect(end.state == state && end.message == message)
        }
    }

    @Test func `a child that left the session dies with its task, and its port is free`() async throws {
        try await MachineAgentSite.with { site in
            let agent = site.agent()
            let port = site.total.ports[0].lowerBound
            let code = """
                import os, socket, sys, time
                print(os.getpid(), flush=True)
                if os.fork(): time.sleep(0.2); os.waitpid(-1, 0); time.sleep(300)
                os.setsid()
                if os.fork(): os._exit(0)
                s = socket.socket(); s.bind(("127.0.0.1", \(port))); s.listen()
                print(os.getpid(), flush=True); time.sleep(300)
                """
            let task = site.task("", ports: [port]) {
                $0.cmd = nil
                $0.args = ["/usr/bin/python3", "-c", code]
            }
            try await agent.run(task)
            try await eventually("the daemon listens") { site.numbers(task).count == 2 }
            #expect(!PortCheck.isFree(port))
            // Its first process ends by itself: what it has left behind goes too.
            let (leader, daemon) = (site.numbers(task)[0], site.numbers(task)[1])
            kill(leader, SIGKILL)
            #expect(try await agent.end(task).message == "Command terminated with signal SIGKILL")
            #expect(ProcessStat(pid: daemon)?.isAlive != true)
            try await eventually("its port is free") { PortCheck.isFree(port) }
        }
    }

    @Test func `a task that ignores the polite signal is killed after the grace period`() async throws {
        try await MachineAgentSite.with { site in
            let agent = site.agent()
            let task = site.task("trap '' TERM; (trap '' TERM; sleep 300) & echo up; while :; do sleep 0.05; done")
            try await agent.run(task)
            try await agent.wait(task, of: site)
            await agent.agent.kill(task.taskID, grace: .milliseconds(200))
            let end = try await agent.end(task)
            #expect(end.state == .killed && end.message == "Command terminated with signal SIGKILL")
            #expect(site.launcher.processes(of: task.taskID).isEmpty)
        }
    }

    @Test func `a task that ends when asked is not killed, and is asked once`() async throws {
        try await MachineAgentSite.with { site in
            let agent = site.agent()
            let code = """
                process.on('SIGTERM', () => { console.log('asked'); setTimeout(() => process.exit(0), 100) });
                setInterval(() => {}, 1000); console.log('up')
                """
            let task = site.task("exec node app.js") {
                $0.env = ["CODE": code]
                $0.cmd = "printf '%s' \"$CODE\" > app.js && exec node app.js"
            }
            try await agent.run(task)
            try await agent.wait(task, of: site)
            await agent.agent.kill(task.taskID, grace: .seconds(60))
            let end = try await agent.end(task)
            #expect(end.state == .killed && end.message == "Command exited with status 0")
            #expect(site.output(task) == "up\nasked\n")
        }
    }

    @Test func `a signal to the first process's group does not lose the exit status`() async throws {
        try await MachineAgentSite.with { site in
            let agent = site.agent()
            let task = site.task("echo up; while [ ! -e go ]; do sleep 0.02; done; exit 4")
            try await agent.run(task)
            try await agent.wait(task, of: site)
            let shim = try #require(RunStore(folder: site.folder.path).livingShim(task.taskID))
            ProcessTable.signal(group: shim.pid, SIGTERM)
            ProcessTable.signal(group: shim.pid, SIGHUP)
            _ = FileManager.default.createFile(atPath: "\(site.sandbox(task))/go", contents: nil)
            #expect(try await agent.end(task).message == "Command exited with status 4")
        }
    }

    @Test func `without its first process a task is ended, and lost`() async throws {
        try await MachineAgentSite.with { site in
            let agent = site.agent()
            let task = site.task("echo up; sleep 300")
            try await agent.run(task)
            try await agent.wait(task, of: site)
            let shim = try #require(RunStore(folder: site.folder.path).livingShim(task.taskID))
            kill(shim.pid, SIGKILL)
            #expect(try await agent.end(task).state == .lost)
            #expect(site.launcher.processes(of: task.taskID).isEmpty)
        }
    }

    @Test func `a task over its memory is told apart`() async throws {
        try await MachineAgentSite.with { site in
            let agent = site.agent()
            let task = site.task("kill -KILL $$")
            site.launcher.hitMemoryLimit(task.taskID)
            try await agent.start(task)
            let end = try await agent.end(task)
            #expect(end.state == .failed && end.reason == .memoryLimit && end.message == "Memory limit exceeded: 64 MB")
        }
    }

    @Test func `a port that a stranger has is left out for a minute`() async throws {
        try await MachineAgentSite.with { site in
            // A minute takes half a second.
            let real = AgentClock.continuous
            let agent = site.agent(
                clock: AgentClock(now: { real.now() * 120 }, sleep: { try await real.sleep($0 / 120) }))
            let port = site.total.ports[0].lowerBound
            let stranger = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: "127.0.0.1", port: port).get()
            let task = site.task("sleep 300", ports: [port])
            try await agent.start(task)
            let end = try await agent.end(task)
            #expect(end.state == .lost && end.reason == .portTaken)
            #expect(end.message == "Port \(port) is in use by another process")
            try await stranger.close()
            func isOffered(_ offer: Offer?) -> Bool { offer?.resources.ports.joined().contains(port) == true }
            try await eventually("it is left out") { agent.offers.contains { !isOffered($0) } }
            try await eventually("it is offered again") { isOffered(agent.offers.last) }
            #expect(agent.offers.dropLast().last.map(isOffered) == false)
        }
    }

    @Test func `an old offer is good as long as what is asked is free`() async throws {
        try await MachineAgentSite.with { site in
            let agent = site.agent()
            let ports = Array(site.total.ports[0])
            let first = site.task("sleep 300", ports: [ports[0]])
            try await agent.run(first)
            let old = try #require(agent.offers.first)
            let second = site.task("sleep 300", ports: [ports[1]])
            let third = site.task("sleep 300", ports: [ports[0]])
            await agent.agent.accept(old.id, launching: [second, third])
            let end = try await agent.end(third)
            #expect(end.state == .lost && end.reason == .portTaken)
            try await eventually("the second runs") { agent.statuses(second).map(\.state) == [.running] }
            let free = try #require(agent.offers.last?.resources)
            #expect(free.ports == [ports[2]...ports[ports.count - 1]] && abs(free.cpus - 3.8) < 0.001)
            #expect(free.mem == 1024 - 128)
            var less = site.total
            less.cpus = 0.1
            await agent.agent.resize(less)
            try await eventually("nothing is left") { agent.offers.last?.resources.cpus == 0 }
        }
    }

    @Test func `a task that is still fetching is killed at once`() async throws {
        try await MachineAgentSite.with { site in
            // Takes connections and says nothing.
            let mute = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .bind(host: "127.0.0.1", port: 0).get()
            let port = try #require(mute.localAddress?.port)
            let agent = site.agent()
            let task = site.task("echo started") { $0.uris = ["http://127.0.0.1:\(port)/app.tar"] }
            try await agent.start(task)
            try await eventually("staged") { FileManager.default.fileExists(atPath: site.sandbox(task)) }
            await agent.agent.kill(task.taskID, grace: .seconds(60))
            #expect(try await agent.end(task).state == .killed)
            await agent.agent.kill("unknown", grace: .zero)
            let unknown = TaskLaunch(
                taskID: "unknown", appID: "", version: "", definition: .init(), host: "", ports: [],
                resources: .init())
            #expect(try await agent.end(unknown).state == .lost)
            #expect(site.output(task).isEmpty && site.launcher.boxes().isEmpty)
            try await mute.close()
        }
    }

    @Test func `output is rotated while the task writes, also under the next agent`() async throws {
        try await MachineAgentSite.with { site in
            let real = AgentClock.continuous
            let fast = AgentClock(now: real.now, sleep: { try await real.sleep($0 / 100) })
            let first = site.agent(clock: fast)
            let task = site.task(
                "echo up; while :; do head -c 3000000 /dev/zero | tr '\\0' x; echo; sleep 0.02; done")
            try await first.run(task)
            let old = "\(site.sandbox(task))/stdout.1"
            func size(_ path: String) -> Int {
                let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber
                return size?.intValue ?? 0
            }
            try await eventually("rotated") { size(old) > MachineAgent.logLimit }
            await first.agent.stop()
            try FileManager.default.removeItem(atPath: old)
            let second = site.agent(clock: fast)
            await second.agent.reconcile([task.taskID])
            try await eventually("rotated again") { size(old) > MachineAgent.logLimit }
            #expect(size(old) <= 3 * MachineAgent.logLimit)
            await second.agent.kill(task.taskID, grace: .zero)
            _ = try await second.end(task)
        }
    }
}
