import FlockCore
import FlockTesting
import Foundation

@testable import FlockEngine

/// A launcher with a state folder of its own, and what is needed to run tasks in its boxes. Ends them all at the end.
final class LaunchBoxes {
    /// What ended, as the one who started it sees it.
    struct Ended {
        var status: Int
        /// Output and errors.
        var output: String
    }

    let folder: TemporaryFolder
    let launcher: any Launcher
    /// Runs what makes boxes as another user, as nobody. Empty for oneself.
    private let becoming: [String]
    private var running: [String: Task<Void, any Error>] = [:]

    var state: String { "\(folder.path)/engine" }

    static let nobody = "65534"

    static func isRootWithBoxes() async -> Bool {
        let facts = await MachineFacts.gather()
        return facts.userID == 0 && facts.bubblewrap != nil && facts.bubblewrapRefusal == nil
            && (try? Cgroups(facts.mounts, name: "flock")) != nil
    }

    /// Whether users without rights may make boxes with bubblewrap.
    static func mayUsersMakeBoxes() async -> Bool {
        let words = ["bwrap", "--unshare-user", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
        let asNobody = getuid() == 0 ? ["--reuid", nobody, "--clear-groups"] : []
        return (try? await FlockTesting.run("setpriv", asNobody + words))?.isSuccess ?? false
    }

    init(asNobody: Bool = false, _ make: (_ state: String) throws -> any Launcher) throws {
        folder = try TemporaryFolder()
        becoming =
            asNobody && getuid() == 0
            ? ["setpriv", "--reuid", Self.nobody, "--regid", Self.nobody, "--clear-groups", "--"] : []
        launcher = try make("\(folder.path)/engine")
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/engine/tasks", withIntermediateDirectories: true)
        try "secret\n".write(toFile: "\(folder.path)/engine/store", atomically: true, encoding: .utf8)
    }

    static func bubblewrap() async throws -> LaunchBoxes {
        let facts = await MachineFacts.gather()
        return try LaunchBoxes { state in
            try Settings.Engine.Isolation.bwrap.launcher(on: facts, state: state)
        }
    }

    func box(
        _ arguments: [String], _ name: String = "a", app: String = "/a", cpus: Double = 1, mem: Double = 128,
        environment: [String: String] = [:]
    ) -> TaskBox {
        let taskID = "\(name).instance-\(folder.path.suffix(8))._app.1"
        let sandbox = "\(state)/tasks/\(taskID)"
        let variables = ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": sandbox, "MESOS_TASK_ID": taskID]
        return TaskBox(
            taskID: taskID, appID: app, sandbox: sandbox, arguments: arguments,
            environment: variables.merging(environment) { _, own in own }, cpus: cpus, mem: mem)
    }

    func shell(_ script: String, _ name: String = "a", app: String = "/a", cpus: Double = 1, mem: Double = 128)
        -> TaskBox
    {
        box(["/bin/sh", "-c", script], name, app: app, cpus: cpus, mem: mem)
    }

    /// Starts the task as the agent does: as the child of a shell that stays outside and notes the status.
    func start(_ box: TaskBox) throws {
        if !FileManager.default.fileExists(atPath: box.sandbox) {
            try FileManager.default.createDirectory(atPath: box.sandbox, withIntermediateDirectories: true)
        }
        if !becoming.isEmpty {
            try FileManager.default.setAttributes(
                [.ownerAccountID: Int(Self.nobody)!, .groupOwnerAccountID: Int(Self.nobody)!],
                ofItemAtPath: box.sandbox)
        }
        let command = try launcher.prepare(box)
        let shim = #"out=$1; shift; "$@" </dev/null >"$out" 2>&1; echo $? >"$out.status""#
        let words = ["-c", shim, "shim", output(of: box)] + becoming + command.words
        let folder = folder.path
        running[box.taskID] = Task {
            _ = try await FlockTesting.run("/bin/sh", words, in: folder, environment: command.environment)
        }
    }

    func output(of box: TaskBox) -> String { "\(folder.path)/\(box.taskID).out" }

    func text(of box: TaskBox) -> String {
        (try? String(contentsOfFile: output(of: box), encoding: .utf8)) ?? ""
    }

    func end(of box: TaskBox) async throws -> Ended {
        try await running[box.taskID]?.value
        let status = (try? String(contentsOfFile: output(of: box) + ".status", encoding: .utf8)) ?? ""
        return Ended(status: Int(status.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1, output: text(of: box))
    }

    func run(_ box: TaskBox) async throws -> Ended {
        try start(box)
        return try await end(of: box)
    }

    /// Kills what is left and removes the boxes. To be called at a test's end.
    func close() async throws {
        for (taskID, task) in running {
            try await eventually("no process is left of \(taskID)") {
                launcher.signal(taskID, SIGKILL)
                return launcher.processes(of: taskID).isEmpty
            }
            _ = await task.result
            launcher.remove(taskID)
        }
        for group in groups() { rmdir(group) }
    }

    /// The folders of this launcher's boxes, in every hierarchy.
    func groups() -> [String] {
        let mounts = CgroupMounts.ofMachine()
        return Set(mounts.v1.values).union(mounts.v2.map { [$0] } ?? [])
            .map { "\($0)/flock/\(StableHash.short(state))" }.filter { FileManager.default.fileExists(atPath: $0) }
    }
}

/// Runs the body with boxes that are gone afterwards, however it ends.
func withBoxes(_ boxes: LaunchBoxes, _ body: (LaunchBoxes) async throws -> Void) async throws {
    do { try await body(boxes) } catch {
        try? await boxes.close()
        throw error
    }
    try await boxes.close()
}
