import FlockTesting
import Foundation
import Testing

@testable import FlockEngine

/// As a user without rights: with bubblewrap where the machine allows that, and without.
@Suite(.timeLimit(.minutes(3))) struct PlainLauncherTests {
    private static func both() async -> [String?] {
        await LaunchBoxes.mayUsersMakeBoxes() ? ["/usr/bin/bwrap", nil] : [nil]
    }

    /// Runs the body once for each way.
    private func withPlain(_ body: (LaunchBoxes, _ isBoxed: Bool) async throws -> Void) async throws {
        for bubblewrap in await Self.both() {
            let boxes = try LaunchBoxes(asNobody: true) { PlainLauncher(state: $0, bubblewrap: bubblewrap) }
            try await withBoxes(boxes) { try await body($0, bubblewrap != nil) }
        }
    }

    @Test func `statuses and the environment pass through`() async throws {
        try await withPlain { boxes, _ in
            for (index, (script, status)) in [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill $$", 143)]
                .enumerated()
            {
                let ended = try await boxes.run(boxes.shell(script, "a\(index)"))
                #expect(ended.status == status)
            }
            let box = boxes.box(["env", "-0"], "b", environment: ["A": "two\nlines"])
            let entries = try await boxes.run(box).output.split(separator: "\0").map(String.init)
            #expect(entries.sorted() == box.environment.map { "\($0)=\($1)" }.sorted())
        }
    }

    @Test func `bubblewrap hides other tasks and the engine's files`() async throws {
        try await withPlain { boxes, isBoxed in
            let said = try await boxes.run(
                boxes.shell("cat \(boxes.state)/store; ls /tmp; ls /proc | grep -c '^[0-9]'"))
            #expect(said.output.contains("secret") == !isBoxed)
            if isBoxed { #expect((Int(said.output.split(separator: "\n").last ?? "") ?? 0) < 8) }
            #expect(boxes.launcher.summary.hasPrefix("does not confine"))
        }
    }

    @Test func `a child that left group and session is listed and ends, the shell outside is not`() async throws {
        try await withPlain { boxes, isBoxed in
            let script = "(setsid sleep 300 &); (setsid env -i /bin/sleep 301 &); echo up; sleep 302"
            let box = boxes.shell(script)
            defer { if !isBoxed { killLost() } }
            try boxes.start(box)
            func commands() -> [String] {
                boxes.launcher.processes(of: box.taskID).compactMap {
                    try? String(contentsOfFile: "/proc/\($0)/cmdline", encoding: .utf8)
                }
            }
            try await eventually("it is up: \(boxes.text(of: box))") {
                boxes.text(of: box) == "up\n" && commands().contains { $0.contains("sleep\u{0}302") }
                    && commands().contains { $0.contains("sleep\u{0}300") }
            }
            // Without a pid namespace, one that also dropped its environment is lost.
            if isBoxed { try await eventually("all") { commands().contains { $0.contains("sleep\u{0}301") } } }
            #expect(!commands().contains { $0.contains("shim") })
            boxes.launcher.signal(box.taskID, SIGTERM)
            let ended = try await boxes.end(of: box)
            #expect(ended.status == 143)
            try await eventually("all are gone") {
                boxes.launcher.signal(box.taskID, SIGKILL)
                return boxes.launcher.processes(of: box.taskID).isEmpty
            }
        }
    }

    /// Kills what is no longer known to be a task's.
    private func killLost() {
        for process in ProcessEntry.all() where process.isAlive {
            let command = (try? String(contentsOfFile: "/proc/\(process.id)/cmdline", encoding: .utf8)) ?? ""
            if command == "/bin/sleep\u{0}301\u{0}" { kill(process.id, SIGKILL) }
        }
    }

    @Test func `a process is refused memory beyond its app's`() async throws {
        try await withPlain { boxes, _ in
            let hog = boxes.shell("exec tail /dev/zero 2>&1", mem: 64)
            let ended = try await boxes.run(hog)
            #expect(ended.status == 1 && ended.output.contains("memory exhausted"))
            #expect(!boxes.launcher.hasHitMemoryLimit(hog.taskID))
            let node = boxes.box(["node", "-e", "console.log('up')"], "n", mem: 64)
            let started = try await boxes.run(node)
            #expect(started.output == "up\n")
        }
    }

    @Test func `boxes are found until they are removed`() async throws {
        try await withPlain { boxes, _ in
            let box = boxes.shell("true")
            _ = try await boxes.run(box)
            #expect(boxes.launcher.boxes() == [box.taskID])
            boxes.launcher.remove(box.taskID)
            #expect(boxes.launcher.boxes() == [])
        }
    }
}
