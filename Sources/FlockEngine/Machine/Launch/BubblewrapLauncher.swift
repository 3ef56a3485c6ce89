/// Boxes of root's, on machines without systemd: bubblewrap shows the task little, control groups that the engine
/// writes limit it, and a user of the app's own keeps it from the others'.
struct BubblewrapLauncher: Launcher {
    private let cgroups: Cgroups
    private let users: AppUsers
    private let view: BoxView

    /// - Parameter state: the folder of the engine's files, an absolute path without links; hidden from tasks.
    /// - Throws: ``EngineError`` when no control group can be written.
    init(state: String, bubblewrap: String, mounts: CgroupMounts) throws {
        cgroups = try Cgroups(mounts, name: "flock/\(StableHash.short(state))")
        users = AppUsers(file: "\(state)/users.json")
        view = BoxView(
            bubblewrap: bubblewrap, system: SystemFolder.ofMachine(), resolver: SystemFolder.resolver(),
            hidden: [state])
    }

    var isolation: Isolation { .bwrap }

    var summary: String {
        let missing = cgroups.missing.map(\.rawValue)
        let limits = "a user per app, a private view of the system, limits of memory, processors and processes"
        return missing.isEmpty
            ? "\(limits); the network is the machine's"
            : "\(limits), but not of \(missing.joined(separator: " and ")), whose cgroup controllers cannot be had; "
                + "the network is the machine's"
    }

    func prepare(_ box: TaskBox) throws -> BoxCommand {
        let command = try box.program
        let user = try users.id(of: box.appID)
        try cgroups.create(box.taskID, BoxLimits(cpus: box.cpus, mem: box.mem, isStarting: true))
        let groups = cgroups.folders(of: box.taskID)
        try SandboxTree.give(box.sandbox, to: user)
        let environment = BoxEnvironment(box)
        var script = BoxScript()
        script.join(groups)
        script.limit()
        script.become(
            view.command(
                .own(user), sandbox: box.sandbox, groups: groups, environment.enter(box.sandbox, command)),
            passwd: BoxView.passwd(user, appID: box.appID, sandbox: box.sandbox))
        return script.command(environment.variables)
    }

    func settle(_ taskID: String, cpus: Double) async {
        // Where the group has gone, the task has.
        try? cgroups.set(.cpu, of: taskID, BoxLimits(cpus: cpus, mem: 0))
    }

    func processes(of taskID: String) -> Set<Int32> { boxed(taskID).all }

    func signal(_ taskID: String, _ signal: Int32) { BoxedProcesses.signal(signal) { boxed(taskID) } }

    func hasHitMemoryLimit(_ taskID: String) -> Bool { cgroups.hasHitMemoryLimit(taskID) }

    func remove(_ taskID: String) { cgroups.remove(taskID) }

    func boxes() -> Set<String> { cgroups.boxes() }

    private func boxed(_ taskID: String) -> BoxedProcesses {
        BoxedProcesses(
            cgroups.processes(of: taskID).compactMap { ProcessEntry($0) }, depth: BoxedProcesses.depth)
    }
}
