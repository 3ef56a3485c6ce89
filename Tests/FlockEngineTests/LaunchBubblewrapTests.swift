import FlockTesting
import Foundation
import Testing

@testable import FlockEngine

/// Real boxes: bubblewrap, control groups, users.
@Suite(
    .enabled("makes boxes, which takes root, bubblewrap and control groups") { await LaunchBoxes.isRootWithBoxes() },
    .timeLimit(.minutes(3)))
struct BubblewrapLauncherTests {
    private func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }

    @Test func `each app has a user of its own, and keeps it`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let look = "id -u; id -g; id -G; stat -c %u . ; touch mine && stat -c %u mine"
            let a = lines(try await boxes.run(boxes.shell(look, "a", app: "/a")).output)
            let b = lines(try await boxes.run(boxes.shell(look, "b", app: "/b")).output)
            let again = lines(try await boxes.run(boxes.shell(look, "a2", app: "/a")).output)
            #expect(a.count == 5 && Set(a).count == 1 && Set(b).count == 1)
            #expect(a != b && a == again)
            let user = try #require(UInt32(a[0]))
            #expect(AppUsers.range.contains(user))
        }
    }

    @Test func `a task sees neither another's folder nor the engine's files nor other users' folders`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let other = boxes.shell("echo other > secret; sleep 60", "b", app: "/b")
            try boxes.start(other)
            try await eventually("the other has written") {
                FileManager.default.fileExists(atPath: "\(other.sandbox)/secret")
            }
            let look =
                "ls \(boxes.state) \(boxes.state)/tasks /root /home /var /run; cat \(boxes.state)/store "
                + "\(other.sandbox)/secret /etc/shadow; echo end"
            let box = boxes.shell(look)
            let said = try await boxes.run(box).output
            #expect(!said.contains("other\n") && !said.contains("secret\n") && !said.contains("root:"))
            #expect(said.contains("\(boxes.state)/tasks:\n\(box.taskID)\n") && said.hasSuffix("end\n"))
        }
    }

    @Test func `a task writes to its folder and its own tmp, and nowhere else`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let mark = "mark-\(UUID().uuidString)"
            let script = """
                for place in /usr /etc /bin / /opt /proc/sys/kernel \(boxes.state) \(boxes.state)/tasks /dev; do
                    if touch $place/\(mark) 2>/dev/null; then echo wrote $place; fi
                done
                touch /tmp/\(mark) /dev/shm/\(mark) \(mark) && ls /tmp
                """
            let box = boxes.shell(script)
            let said = lines(try await boxes.run(box).output)
            #expect(said.filter { $0.hasPrefix("wrote") } == [])
            #expect(said.contains(mark) && FileManager.default.fileExists(atPath: "\(box.sandbox)/\(mark)"))
            #expect(!FileManager.default.fileExists(atPath: "/tmp/\(mark)"))
            let ended = try await boxes.run(boxes.shell("ls /tmp", "b"))
            #expect(ended.output.contains(mark) == false)
        }
    }

    @Test func `a task has no capabilities, cannot get any, and sees only its own processes`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let said = try await boxes.run(
                boxes.shell("grep -E '^(Cap|NoNewPrivs)' /proc/self/status; ls /proc | grep -c '^[0-9]'")
            ).output
            for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
                #expect(said.contains("\(set):\t0000000000000000"))
            }
            #expect(said.contains("NoNewPrivs:\t1"))
            let processes = try #require(Int(lines(said).last ?? ""))
            #expect((2...6).contains(processes))
        }
    }

    @Test func `the environment is what was given, to the letter`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            setenv("FLOCK_TEST_SECRET", "must not be seen", 1)
            let odd = ["A": "two\nlines", "B-C.d": "$(id) `id` \"'\\", "EMPTY": "", "-u": "dash", "LD_BIND_NOW": "1"]
            let box = boxes.box(["env", "-0"], environment: odd)
            let said = try await boxes.run(box)
            let entries = said.output.split(separator: "\0").map(String.init)
            #expect(entries.sorted() == box.environment.map { "\($0)=\($1)" }.sorted())
            #expect(said.status == 0)
        }
    }

    @Test func `limits of files, cores and descriptors are those documented, and nothing of ours is open`() async throws
    {
        try await withBoxes(.bubblewrap()) { boxes in
            let said = lines(
                try await boxes.run(boxes.shell("ulimit -n; ulimit -c; ls /proc/self/fd | wc -l; umask")).output)
            // Where even root may not have so many, what it may.
            let most = try await FlockTesting.run("/bin/sh", ["-c", "ulimit -n 65536 2>/dev/null; ulimit -H -n"]).output
            // The listing itself is the fourth.
            #expect(said == [lines(most)[0], "0", "4", "0022"])
        }
    }

    @Test(arguments: [
        ("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -15 $$", 143), ("exec /nowhere/x 2>/dev/null", 127),
    ]) func `the status passes through`(script: String, status: Int) async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let ended = try await boxes.run(boxes.shell(script))
            #expect(ended.status == status)
        }
    }

    @Test func `the program is looked up in the task's own path`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let box = boxes.box(["mine", "two words", "$HOME"], environment: ["PATH": "bin:/usr/bin:/bin"])
            try FileManager.default.createDirectory(atPath: "\(box.sandbox)/bin", withIntermediateDirectories: true)
            let program = "\(box.sandbox)/bin/mine"
            try "#!/bin/sh\nprintf '%s\\n' \"$@\"\n".write(toFile: program, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
            let ended = try await boxes.run(box)
            #expect(ended.output == "two words\n$HOME\n")
            #expect(throws: EngineError.self) { try boxes.launcher.prepare(boxes.box(["a=b"])) }
            #expect(throws: EngineError.self) { try boxes.launcher.prepare(boxes.box([])) }
        }
    }

    @Test func `a task that asks for more memory than it has is killed, and its neighbour is not`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let neighbour = boxes.shell("echo up; sleep 60", "b", app: "/b", mem: 64)
            try boxes.start(neighbour)
            try await eventually("the neighbour runs") { boxes.text(of: neighbour) == "up\n" }
            let hog = boxes.shell("exec tail /dev/zero", mem: 64)
            let ended = try await boxes.run(hog)
            #expect(ended.status == 137)
            #expect(boxes.launcher.hasHitMemoryLimit(hog.taskID))
            #expect(!boxes.launcher.hasHitMemoryLimit(neighbour.taskID))
            #expect(!boxes.launcher.processes(of: neighbour.taskID).isEmpty)
        }
    }

    @Test func `a task that reads a large file does not count as having hit its limit`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let box = boxes.shell("dd if=/dev/zero of=big bs=1M count=96 2>/dev/null; cat big big >/dev/null", mem: 48)
            let ended = try await boxes.run(box)
            #expect(ended.status == 0)
            #expect(!boxes.launcher.hasHitMemoryLimit(box.taskID))
        }
    }

    @Test func `processes stop at their limit, and all of them end`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let box = boxes.shell("i=0; while [ $i -lt 700 ]; do sleep 120 & i=$((i+1)); done")
            let ended = try await boxes.run(box)
            #expect(ended.status != 0)
            let left = boxes.launcher.processes(of: box.taskID).count
            #expect((400...BoxLimits.processes).contains(left))
            try await eventually("all are gone") {
                boxes.launcher.signal(box.taskID, SIGKILL)
                return boxes.launcher.processes(of: box.taskID).isEmpty
            }
        }
    }

    @Test func `a task that starts processes faster than they are listed ends as well`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let box = boxes.shell("trap '' TERM; while :; do (sh -c 'sleep 0.05' &) done", cpus: 0.5)
            try boxes.start(box)
            try await eventually("it is many") { boxes.launcher.processes(of: box.taskID).count > 3 }
            boxes.launcher.signal(box.taskID, SIGKILL)
            let ended = try await boxes.end(of: box)
            #expect(ended.status == 137)
            try await eventually("it is none") { boxes.launcher.processes(of: box.taskID).isEmpty }
        }
    }

    @Test func `a child that left group and session is listed, and gets signals`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let script = """
                (setsid sh -c 'trap "echo child ends; : > over; exit" TERM; echo child; while :; do sleep 0.05; done' &)
                trap 'while [ ! -e over ]; do sleep 0.05; done; exit 7' TERM; echo ready; while :; do sleep 0.05; done
                """
            let box = boxes.shell(script)
            try boxes.start(box)
            try await eventually("both run") {
                boxes.text(of: box).contains("child\n") && boxes.text(of: box).contains("ready\n")
            }
            let processes = boxes.launcher.processes(of: box.taskID)
            let sessions = Set(processes.compactMap { ProcessEntry($0) }.map(\.session))
            #expect(sessions.count >= 3)
            boxes.launcher.signal(box.taskID, SIGTERM)
            let ended = try await boxes.end(of: box)
            #expect(ended.status == 7 && ended.output.contains("child ends\n"))
        }
    }

    @Test func `a child that is left behind is listed after the end, and dies by the signal`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let box = boxes.shell("(setsid sleep 300 &); exit 5")
            let ended = try await boxes.run(box)
            #expect(ended.status == 5)
            #expect(!boxes.launcher.processes(of: box.taskID).isEmpty)
            boxes.launcher.signal(box.taskID, SIGKILL)
            try await eventually("it is gone") { boxes.launcher.processes(of: box.taskID).isEmpty }
        }
    }

    @Test(arguments: [(SIGTERM, 143), (SIGKILL, 137)])
    func `a signal to the box is the command's end`(signal: Int32, status: Int) async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let box = boxes.shell("echo up; sleep 120; echo after")
            try boxes.start(box)
            try await eventually("it runs") { boxes.text(of: box) == "up\n" }
            boxes.launcher.signal(box.taskID, signal)
            let ended = try await boxes.end(of: box)
            // The shell inside may still say that its child was killed.
            #expect(ended.status == status && ended.output.hasPrefix("up\n") && !ended.output.contains("after"))
        }
    }

    @Test func `a task that is ended while its box is made ends`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let box = boxes.shell("sleep 120")
            try boxes.start(box)
            // At any step: from the shell that joins the group to the command.
            try await eventually("there is a process") { !boxes.launcher.processes(of: box.taskID).isEmpty }
            boxes.launcher.signal(box.taskID, SIGTERM)
            let ended = try await boxes.end(of: box)
            #expect([143, 137].contains(ended.status))
        }
    }

    @Test func `a task may use a whole core to come up, then it is held to its share`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let box = boxes.shell("while :; do :; done", cpus: 0.25)
            try boxes.start(box)
            let file = try #require(
                boxes.groups().map { "\($0)/\(BoxName.of(box.taskID))/cpu.stat" }.first {
                    FileManager.default.fileExists(atPath: $0)
                })
            func count(_ name: String) -> Int {
                Cgroups.count(name, in: (try? String(contentsOfFile: file, encoding: .utf8)) ?? "")
            }
            func quota() -> String? {
                let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
                return ["cpu.cfs_quota_us", "cpu.max"].compactMap {
                    try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8)
                }.first?.split(whereSeparator: \.isWhitespace).first.map(String.init)
            }
            #expect(quota() == "100000")
            await boxes.launcher.settle(box.taskID, cpus: 0.25)
            #expect(quota() == "25000")
            // A quarter of a processor is used up in each period.
            try await eventually("it is held back again and again") { count("nr_throttled") >= 10 }
            #expect(count("nr_periods") >= count("nr_throttled"))
        }
    }

    @Test func `a runtime sees the limits of its box`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let print = "console.log(process.constrainedMemory() / 1048576)"
            let small = boxes.box(["node", "-e", print], "a", mem: 128)
            let large = boxes.box(["node", "-e", print], "b", mem: 1024)
            let seen = [try await boxes.run(small).output, try await boxes.run(large).output]
            #expect(seen == ["128\n", "1024\n"])
        }
    }

    @Test func `nothing is left of a box that was removed, and boxes are found until then`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let box = boxes.shell("sleep 120")
            try boxes.start(box)
            try await eventually("it runs") { boxes.launcher.processes(of: box.taskID).count > 1 }
            #expect(boxes.launcher.boxes() == [box.taskID])
            boxes.launcher.signal(box.taskID, SIGKILL)
            _ = try await boxes.end(of: box)
            try await eventually("it is gone") { boxes.launcher.processes(of: box.taskID).isEmpty }
            try await eventually("its box can be removed") {
                boxes.launcher.remove(box.taskID)
                return boxes.launcher.boxes() == []
            }
            for group in boxes.groups() {
                #expect(!FileManager.default.fileExists(atPath: "\(group)/\(BoxName.of(box.taskID))"))
            }
        }
    }

    @Test func `a web server in a box answers on its port`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let port = try await freePorts(1)[0]
            let server = """
                require('http').createServer((_, answer) => answer.end('from ' + require('os').userInfo().username))
                    .listen(process.env.PORT)
                """
            let box = boxes.box(["node", "-e", server], environment: ["PORT": "\(port)"])
            try boxes.start(box)
            try await eventually("it answers: \(boxes.text(of: box))") {
                try await FlockTesting.run("curl", ["-s", "http://127.0.0.1:\(port)/"]).output == "from app"
            }
        }
    }

    @Test func `links in the sandbox are not followed when it is given to the app's user`() async throws {
        try await withBoxes(.bubblewrap()) { boxes in
            let precious = "\(boxes.folder.path)/precious"
            try "mine".write(toFile: precious, atomically: true, encoding: .utf8)
            let box = boxes.shell("cat link; true")
            try FileManager.default.createDirectory(atPath: box.sandbox, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: "\(box.sandbox)/link", withDestinationPath: precious)
            let ended = try await boxes.run(box)
            #expect(!ended.output.contains("mine"))
            let owner = try FileManager.default.attributesOfItem(atPath: precious)[.ownerAccountID] as? Int
            #expect(owner == 0)
        }
    }
}
