import Foundation
import Subprocess
import SystemPackage

/// Boxes where systemd is the machine's first process: the same view as ``BubblewrapLauncher``'s, in a transient scope
/// that limits it. systemd makes and removes the scope's control group, and leaves it alone when the engine ends.
/// Source: systemd-run(1), systemd.resource-control(5).
struct SystemdLauncher: Launcher {
    private let userID: UInt32
    private let state: String
    private let users: AppUsers
    private let view: BoxView
    private let groups: Groups

    /// Where systemd puts this engine's scopes.
    struct Groups: Sendable, Hashable {
        /// Engines with other state folders have other slices.
        let slice: String
        /// The slice's folders in the hierarchies that know processes and memory.
        let processes: String
        let memory: String
        private let memoryEvents: String

        init(_ mounts: CgroupMounts, userID: UInt32, state: String) {
            let part = StableHash.short(state)
            slice = "flock-\(part).slice"
            let manager = userID == 0 ? "" : "/user.slice/user-\(userID).slice/user@\(userID).service"
            // A slice `a-b` lies in the slice `a`.
            let path = "\(manager)/flock.slice/\(slice)"
            let v2 = mounts.v2 ?? "/sys/fs/cgroup"
            processes = (mounts.v1["name=systemd"] ?? v2) + path
            memory = (mounts.v1["memory"] ?? v2) + path
            memoryEvents = mounts.v1["memory"] == nil ? "memory.events" : "memory.oom_control"
        }

        func events(of taskID: String) -> String { "\(memory)/\(SystemdLauncher.unit(of: taskID))/\(memoryEvents)" }
    }

    /// - Parameter state: the folder of the engine's files, an absolute path without links; hidden from tasks.
    init(state: String, bubblewrap: String, mounts: CgroupMounts, userID: UInt32) {
        self.userID = userID
        self.state = state
        users = AppUsers(file: "\(state)/users.json")
        groups = Groups(mounts, userID: userID, state: state)
        view = BoxView(
            bubblewrap: bubblewrap, system: SystemFolder.ofMachine(), resolver: SystemFolder.resolver(),
            hidden: [state])
    }

    var isolation: Isolation { .systemd }

    var summary: String {
        let limits = "a private view of the system, limits of memory, processors and processes by systemd"
        return userID == 0
            ? "a user per app, \(limits); the network is the machine's"
            : "\(limits); all apps run as the engine's user, and the network is the machine's"
    }

    static func unit(of taskID: String) -> String { "\(BoxName.of(taskID)).scope" }

    /// Runs the program, which stays our child and keeps its descriptors and status, in a scope of its own.
    static func scope(_ box: TaskBox, slice: String, userID: UInt32, _ program: [String]) -> [String] {
        let limits = BoxLimits(cpus: box.cpus, mem: box.mem, isStarting: true)
        return ["/usr/bin/systemd-run", userID == 0 ? "--system" : "--user", "--scope", "--quiet", "--collect"] + [
            "--unit=\(unit(of: box.taskID))", "--slice=\(slice)",
            "--property=MemoryMax=\(limits.memory)", "--property=MemorySwapMax=0",
            "--property=\(quota(limits))", "--property=TasksMax=\(BoxLimits.processes)", "--",
        ] + program
    }

    /// Hundredths of a processor, at least one; more digits are not read by every release.
    private static func quota(_ limits: BoxLimits) -> String { "CPUQuota=\(max(1, (limits.quota + 500) / 1000))%" }

    /// What gives a scope its lasting share.
    static func settling(_ taskID: String, cpus: Double, userID: UInt32) -> [String] {
        [
            "/usr/bin/systemctl", userID == 0 ? "--system" : "--user", "set-property", "--runtime", unit(of: taskID),
            quota(BoxLimits(cpus: cpus, mem: 0)),
        ]
    }

    func settle(_ taskID: String, cpus: Double) async {
        let words = Self.settling(taskID, cpus: cpus, userID: userID)
        let variables: [Environment.Key: String] = userID == 0 ? [:] : ["XDG_RUNTIME_DIR": "/run/user/\(userID)"]
        // Where the scope has gone, the task has.
        _ = try? await Subprocess.run(
            .path(FilePath(words[0])), arguments: Arguments(Array(words.dropFirst())),
            environment: .custom(variables), input: .none, output: .discarded, error: .discarded)
    }

    func prepare(_ box: TaskBox) throws -> BoxCommand {
        do {
            try FileManager.default.createDirectory(
                atPath: "\(state)/boxes", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw EngineError(code: .storage, message: "\(state)/boxes cannot be made: \(error)")
        }
        let user = userID == 0 ? try users.id(of: box.appID) : nil
        if let user { try SandboxTree.give(box.sandbox, to: user) }
        return try Self.command(
            box, user: user, view: view, groups: groups, record: record(of: box.taskID), userID: userID)
    }

    /// - Parameter user: nil when all tasks run as the engine's user.
    static func command(
        _ box: TaskBox, user: UInt32?, view: BoxView, groups: Groups, record: String, userID: UInt32
    ) throws -> BoxCommand {
        let environment = BoxEnvironment(box)
        let inside = environment.enter(box.sandbox, try box.program)
        var holder = BoxScript()
        holder.hold(
            view.command(user.map { .own($0) } ?? .same, sandbox: box.sandbox, groups: [], inside),
            passwd: user.map { BoxView.passwd($0, appID: box.appID, sandbox: box.sandbox) },
            events: groups.events(of: box.taskID), record: record)
        var script = BoxScript()
        script.limit()
        script.become(scope(box, slice: groups.slice, userID: userID, holder.command([:]).words))
        var variables = environment.variables
        // Where the user's systemd listens.
        if userID != 0 { variables["XDG_RUNTIME_DIR"] = "/run/user/\(userID)" }
        return script.command(variables)
    }

    func processes(of taskID: String) -> Set<Int32> { boxed(taskID).all }

    func signal(_ taskID: String, _ signal: Int32) { BoxedProcesses.signal(signal) { boxed(taskID) } }

    func hasHitMemoryLimit(_ taskID: String) -> Bool {
        if FileManager.default.fileExists(atPath: record(of: taskID)) { return true }
        let events = (try? String(contentsOfFile: groups.events(of: taskID), encoding: .utf8)) ?? ""
        return Cgroups.count("oom_kill", in: events) > 0
    }

    /// The scope is collected by systemd once it is empty, also when it failed.
    func remove(_ taskID: String) { try? FileManager.default.removeItem(atPath: record(of: taskID)) }

    func boxes() -> Set<String> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: groups.processes)) ?? []
        return Set(names.filter { $0.hasSuffix(".scope") }.compactMap { BoxName.taskID(in: String($0.dropLast(6))) })
    }

    private func record(of taskID: String) -> String { "\(state)/boxes/\(BoxName.of(taskID)).oom" }

    private func boxed(_ taskID: String) -> BoxedProcesses {
        let folder = "\(groups.processes)/\(Self.unit(of: taskID))"
        let text = (try? String(contentsOfFile: "\(folder)/cgroup.procs", encoding: .utf8)) ?? ""
        return BoxedProcesses(
            text.split(separator: "\n").compactMap { Int32($0) }.compactMap { ProcessEntry($0) },
            depth: BoxedProcesses.depth)
    }
}
