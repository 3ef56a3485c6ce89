import Foundation
import Testing

@testable import FlockEngine

/// What is asked of systemd; it is not run.
struct SystemdLauncherTests {
    private let box = TaskBox(
        taskID: "a/b.1", appID: "/a", sandbox: "/s/tasks/t", arguments: ["node", "x.js"],
        environment: ["K": "v w", "LD_PRELOAD": "/s/tasks/t/evil.so"], cpus: 0.25, mem: 64)
    private let view = BoxView(
        bubblewrap: "/usr/bin/bwrap",
        system: [SystemFolder(path: "/usr"), SystemFolder(path: "/bin", link: "usr/bin"), SystemFolder(path: "/etc")],
        resolver: "/run/resolver", hidden: ["/s"])

    @Test func `the scope has the box's limits and a name of its own`() {
        #expect(
            SystemdLauncher.scope(box, slice: "flock-x.slice", userID: 0, ["bwrap", "-x"]) == [
                "/usr/bin/systemd-run", "--system", "--scope", "--quiet", "--collect",
                "--unit=task-a:2fb.1.scope", "--slice=flock-x.slice",
                "--property=MemoryMax=67108864", "--property=MemorySwapMax=0", "--property=CPUQuota=100%",
                "--property=TasksMax=512", "--", "bwrap", "-x",
            ])
        var small = box
        small.cpus = 0.001
        small.mem = 0
        let words = SystemdLauncher.scope(small, slice: "s", userID: 1000, [])
        #expect(words.contains("--property=CPUQuota=100%") && words.contains("--property=MemoryMax=33554432"))
        #expect(words[1] == "--user")
        #expect(
            SystemdLauncher.settling(small.taskID, cpus: 0.001, userID: 1000) == [
                "/usr/bin/systemctl", "--user", "set-property", "--runtime", "task-a:2fb.1.scope", "CPUQuota=1%",
            ])
    }

    @Test func `the whole command, step by step`() throws {
        let mounts = CgroupMounts(mounts: "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0") { _ in "cpu memory pids" }
        let groups = SystemdLauncher.Groups(mounts, userID: 0, state: "/s")
        let command = try SystemdLauncher.command(
            box, user: 7, view: view, groups: groups, record: "/s/boxes/r.oom", userID: 0)
        #expect(
            command.environment == [
                "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8",
                "MESOS_TASK_ID": "a/b.1", "FLOCK_BOX": "a/b.1", "FLOCK_BOX_0": "K=v w",
                "FLOCK_BOX_1": "LD_PRELOAD=/s/tasks/t/evil.so",
            ])
        let outside = """
            umask 022; ulimit -c 0; ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -H -n)"
            exec "$@"
            """
        let holder = """
            events=$1; record=$2; users=$3; shift 3
            "$@" 3<<END
            $users
            END
            status=$?
            while read -r name count; do case "$name $count" in
            "oom_kill 0") ;;
            "oom_kill "*) : > "$record" ;;
            esac; done < "$events"
            exit $status
            """
        let slice = "flock-\(StableHash.short("/s")).slice"
        #expect(
            command.words == ["/bin/sh", "-c", outside, "flock-box"]
                + SystemdLauncher.scope(box, slice: slice, userID: 0, []) + [
                    "/bin/sh", "-c", holder, "flock-box",
                    "/sys/fs/cgroup/flock.slice/\(slice)/task-a:2fb.1.scope/memory.events", "/s/boxes/r.oom",
                    BoxView.passwd(7, appID: "/a", sandbox: "/s/tasks/t"),
                    "/usr/bin/bwrap", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--new-session",
                    "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add",
                    "CAP_SETPCAP", "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--ro-bind", "/etc",
                    "/etc", "--dir", "/run", "--ro-bind", "/run/resolver", "/run/resolver", "--perms", "0644",
                    "--ro-bind-data", "3",
                    "/etc/passwd", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm", "--proc", "/proc",
                    "--perms", "1777", "--tmpfs", "/tmp", "--tmpfs", "/s", "--tmpfs", "/s/tasks", "--bind",
                    "/s/tasks/t", "/s/tasks/t", "--chdir", "/", "--",
                    "/usr/bin/setpriv", "--reuid", "7", "--regid", "7", "--clear-groups", "--no-new-privs",
                    "--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all", "--",
                    "/usr/bin/env", "--chdir=/s/tasks/t", "-S", "-i -- ${FLOCK_BOX_0} ${FLOCK_BOX_1}", "node", "x.js",
                ])
    }

    @Test func `without root the user's own systemd and a user namespace do it`() throws {
        let mounts = CgroupMounts(mounts: "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0") { _ in "" }
        let groups = SystemdLauncher.Groups(mounts, userID: 1000, state: "/s")
        let command = try SystemdLauncher.command(
            box, user: nil, view: view, groups: groups, record: "/r", userID: 1000)
        #expect(command.environment["XDG_RUNTIME_DIR"] == "/run/user/1000")
        #expect(command.arguments.contains("--user") && command.arguments.contains("--unshare-user"))
        #expect(!command.arguments.contains { $0.contains("setpriv") })
        #expect(
            groups.processes
                == "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/flock.slice/\(groups.slice)")
    }

    @Test func `with version 1 of control groups, each is looked for in its hierarchy`() {
        let mounts = CgroupMounts(
            mounts: """
                cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0
                cgroup /sys/fs/cgroup/systemd cgroup rw,xattr,name=systemd 0 0
                cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0
                """
        ) { _ in "" }
        let groups = SystemdLauncher.Groups(mounts, userID: 0, state: "/s")
        #expect(groups.processes == "/sys/fs/cgroup/systemd/flock.slice/\(groups.slice)")
        #expect(
            groups.events(of: "t")
                == "/sys/fs/cgroup/memory/flock.slice/\(groups.slice)/task-t.scope/memory.oom_control")
    }

    @Test(arguments: [("oom_kill 0", false), ("oom 1\noom_kill 2\n", true), ("low 0\noom_kill 10\nx 0\n", true)])
    func `the script that holds the box notes that the kernel killed, and keeps the status`(
        events: String, isNoted: Bool
    ) throws {
        let folder = EngineExamples.temporaryFolder()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try (events + "\n").write(toFile: "\(folder)/events", atomically: true, encoding: .utf8)
        var script = BoxScript()
        script.hold(
            ["/bin/sh", "-c", "cat <&3 > '\(folder)/users'; exit 9"], passwd: "a:b\n$(id)", events: "\(folder)/events",
            record: "\(folder)/record")
        let words = script.command([:]).words
        let process = try Process.run(URL(fileURLWithPath: words[0]), arguments: Array(words.dropFirst()))
        process.waitUntilExit()
        #expect(process.terminationStatus == 9)
        #expect(FileManager.default.fileExists(atPath: "\(folder)/record") == isNoted)
        #expect(try String(contentsOfFile: "\(folder)/users", encoding: .utf8) == "a:b\n$(id)\n")
    }
}
