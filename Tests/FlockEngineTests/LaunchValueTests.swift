import FlockCore
import Foundation
import Testing

@testable import FlockEngine

/// The values that launchers decide with.
struct BoxLauncherTests {
    @Test(arguments: ["a.instance-1._app.1", "cgroup.procs", "..", "", "a/b", "ä:1", "a:2fb", "new\nline", "%", "-"])
    func `a box's name is a file's name and leads back to its task`(taskID: String) {
        let name = BoxName.of(taskID)
        #expect(!name.contains("/") && name.hasPrefix("task-") && name.utf8.allSatisfy { $0 > 32 && $0 < 127 })
        #expect(BoxName.taskID(in: name) == taskID)
    }

    @Test(arguments: ["cgroup.procs", "memory.max", "task-a/b", "task-:2", "task-:zz", "task-:41", "task-:ff"])
    func `other names are nobody's`(name: String) {
        #expect(BoxName.taskID(in: name) == nil)
    }

    @Test func `limits as each version of control groups takes them`() {
        let limits = BoxLimits(cpus: 0.25, mem: 64)
        #expect(limits.settings(.memory, .v1).map(\.value) == ["67108864", "67108864"])
        #expect(limits.settings(.memory, .v1).map(\.isOptional) == [false, true])
        #expect(
            limits.settings(.memory, .v2) == [
                .init(file: "memory.max", value: "67108864"),
                .init(file: "memory.swap.max", value: "0", isOptional: true),
            ])
        #expect(limits.settings(.cpu, .v1).map(\.value) == ["100000", "25000", "256"])
        #expect(
            limits.settings(.cpu, .v2) == [
                .init(file: "cpu.max", value: "25000 100000"), .init(file: "cpu.weight", value: "25", isOptional: true),
            ])
        #expect(BoxLimits(cpus: 0.25, mem: 64, isStarting: true).quota == 100_000)
        #expect(BoxLimits.weight(cores: 2, .v1).value == "2048" && BoxLimits.weight(cores: 500, .v2).value == "10000")
        #expect(limits.settings(.pids, .v2) == [.init(file: "pids.max", value: "512")])
        #expect(BoxLimits(cpus: 0.0001, mem: 1).quota == 1000 && BoxLimits(cpus: 0, mem: 1).memory == 32 << 20)
        #expect(BoxLimits(cpus: 1e30, mem: 1e30).memory > 0)
    }

    @Test func `controllers are found in either version`() {
        let mounts = CgroupMounts(
            mounts: """
                tmpfs /sys/fs/cgroup tmpfs rw 0 0
                cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,cpu,cpuacct 0 0
                cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
                """
        ) { $0 == "/sys/fs/cgroup/unified" ? "memory pids\n" : "" }
        #expect(mounts.v1["cpu"] == "/sys/fs/cgroup/cpu,cpuacct" && mounts.v1["memory"] == nil)
        #expect(mounts.v2 == "/sys/fs/cgroup/unified" && mounts.v2Controllers == ["memory", "pids"])
    }

    /// Folders in the place of a hierarchy: what is written where, and what is read.
    @Test func `version 2 gets its parent, its controllers and its limits`() throws {
        let root = EngineExamples.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: root) }
        let group = "\(root)/flock/x/task-t"
        try FileManager.default.createDirectory(atPath: group, withIntermediateDirectories: true)
        for file in ["flock/x/cgroup.subtree_control", "cgroup.subtree_control"] {
            // What is written lands on the dashes.
            try "---------- memory cpu\n".write(toFile: "\(root)/\(file)", atomically: false, encoding: .utf8)
        }
        try Data().write(to: URL(fileURLWithPath: "\(root)/flock/cpu.weight"))
        for file in ["memory.max", "cpu.max"] {
            try Data().write(to: URL(fileURLWithPath: "\(group)/\(file)"))
        }
        var mounts = CgroupMounts(mounts: "") { _ in "" }
        mounts.v2 = root
        mounts.v2Controllers = ["memory", "cpu"]
        let cgroups = try Cgroups(mounts, name: "flock/x")
        try cgroups.create("t", BoxLimits(cpus: 2, mem: 64))
        func read(_ file: String) throws -> String { try String(contentsOfFile: "\(group)/\(file)", encoding: .utf8) }
        #expect(try read("memory.max") == "67108864" && read("cpu.max") == "200000 100000")
        let weight = try String(contentsOfFile: "\(root)/flock/cpu.weight", encoding: .utf8)
        #expect(weight == "\(ProcessInfo.processInfo.activeProcessorCount * 100)")
        #expect(cgroups.folders(of: "t") == [group] && cgroups.boxes() == ["t"])
        #expect(!cgroups.hasHitMemoryLimit("t"))
        // Killed because the whole machine ran out, then because of its own limit.
        for (events, isHit) in [("oom 0\noom_kill 1\n", false), ("oom 1\noom_kill 1\n", true)] {
            try events.write(toFile: "\(group)/memory.events", atomically: true, encoding: .utf8)
            #expect(cgroups.hasHitMemoryLimit("t") == isHit)
        }
    }

    @Test func `a process's status is read, whatever its name`() throws {
        let entry = try #require(
            ProcessEntry(
                status: """
                    Name:\tPPid: 9) Z
                    State:\tS (sleeping)
                    Pid:\t40
                    PPid:\t12
                    NSpid:\t40\t3
                    NSpgid:\t39\t2
                    NSsid:\t38\t1
                    """))
        #expect(entry.id == 40 && entry.parent == 12 && entry.group == 39 && entry.session == 38 && entry.isAlive)
        #expect(entry.idsByNamespace == [40, 3])
        #expect(ProcessEntry(status: "State:\tS\n") == nil)
        #expect(ProcessEntry(getpid())?.isAlive == true && ProcessEntry.all().contains { $0.id == getpid() })
    }

    private func entry(_ ids: [Int32], _ state: String = "S") -> ProcessEntry {
        let words = ids.map(String.init).joined(separator: "\t")
        return ProcessEntry(status: "State:\t\(state)\nPPid:\t1\nNSpid:\t\(words)\nNSpgid:\t1\nNSsid:\t1\n")!
    }

    @Test func `signals go to the command, and to what makes the box only before there is one`() {
        let whole = BoxedProcesses(
            [entry([10]), entry([11, 1]), entry([12, 2]), entry([13, 3, 1]), entry([14, 4], "Z")], depth: 1)
        #expect(whole.around == [10] && whole.first == [11] && whole.command == [12, 13])
        #expect(whole.steps(SIGTERM).map(\.pid) == [12, 13])
        #expect(whole.steps(SIGKILL).map(\.pid) == [11])
        #expect(BoxedProcesses([entry([12, 2])], depth: 1).steps(SIGKILL).map(\.pid) == [12])
        #expect(whole.steps(SIGUSR1).map(\.pid) == [12, 13])
        let begun = BoxedProcesses([entry([10]), entry([11, 1])], depth: 1)
        #expect(begun.steps(SIGTERM) == [.init(pid: 10, signal: SIGTERM), .init(pid: 11, signal: SIGKILL)])
        #expect(begun.steps(SIGUSR1).isEmpty)
        // An engine that itself runs in a pid namespace.
        #expect(BoxedProcesses([entry([10, 5]), entry([11, 6, 1])], depth: 2).around == [10])
    }

    @Test func `an app's user stays its own and is nobody else's`() throws {
        let folder = EngineExamples.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = "\(folder)/state/users.json"
        let range: ClosedRange<UInt32> = 1_900_000_000...1_900_000_002
        let users = AppUsers(file: file, range: range)
        let ids = try ["/a", "/b", "/c"].map { try users.id(of: $0) }
        #expect(Set(ids) == Set(range))
        #expect(try AppUsers(file: file, range: range).id(of: "/b") == ids[1])
        let full = #expect(throws: EngineError.self) { try users.id(of: "/d") }
        #expect(full?.code == .isolationRefused)
        try Data("{".utf8).write(to: URL(fileURLWithPath: file))
        let broken = #expect(throws: EngineError.self) { try AppUsers(file: file).id(of: "/a") }
        #expect(broken?.code == .storage)
        #expect(AppUsers.free("/a", salt: "s", in: 5...5, isTaken: { _ in false }) == 5)
    }

    @Test func `the app's environment reaches nothing but the command`() {
        let box = TaskBox(
            taskID: "t", appID: "/a", sandbox: "/s", arguments: ["x"],
            environment: ["LD_PRELOAD": "evil", "ENV": "evil", "": "x", "A=B": "x", "N": "\0"], cpus: 1, mem: 1)
        let environment = BoxEnvironment(box)
        #expect(
            Set(environment.variables.keys) == [
                "PATH", "LANG", "MESOS_TASK_ID", "FLOCK_BOX", "FLOCK_BOX_0", "FLOCK_BOX_1",
            ])
        #expect(environment.variables["FLOCK_BOX_1"] == "LD_PRELOAD=evil")
        #expect(
            environment.enter("/s", ["x", "y z"]) == [
                "/usr/bin/env", "--chdir=/s", "-S", "-i -- ${FLOCK_BOX_0} ${FLOCK_BOX_1}", "x", "y z",
            ])
    }

    @Test func `what is hidden is hidden before the sandbox is shown`() throws {
        let view = BoxView(bubblewrap: "bwrap", system: [], hidden: ["/opt/state"])
        func hidden(_ sandbox: String) -> [String] {
            let words = view.command(.same, sandbox: sandbox, groups: [], ["x"])
            return words.indices.filter { words[$0] == "--tmpfs" }.map { words[$0 + 1] }
                .filter { $0 != "/tmp" && $0 != "/dev/shm" }
        }
        #expect(hidden("/opt/state/tasks/t") == ["/opt/state", "/opt/state/tasks"])
        #expect(hidden("/tmp/t") == ["/opt/state"] && hidden("/t") == ["/opt/state"])
        #expect(BoxView.passwd(7, appID: "/a:0:0", sandbox: "/s\nroot2:x:0").split(separator: "\n").count == 3)
    }

    @Test(arguments: [
        ("node server.js", 32.0, true), ("node server.js", 48, false), ("cd app && exec /usr/bin/node .", 32, true),
        ("PORT=1 npm start", 40, true), ("(npx serve)", 16, true), ("python3 -m http.server", 16, false),
        ("./nodes", 16, false), ("", 0, false),
    ]) func `too little memory for Node gets a warning`(command: String, mem: Double, isWarned: Bool) {
        #expect((MemoryFloor.warning(command: command, mem: mem) != nil) == isWarned)
    }
}
