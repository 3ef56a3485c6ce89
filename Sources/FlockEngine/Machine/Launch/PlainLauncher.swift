import Foundation

/// What an ordinary user can do: bubblewrap with user namespaces, where the machine allows them, hides other apps'
/// folders. Every app runs as the engine's user, and nothing limits what it uses as a whole.
struct PlainLauncher: Launcher {
    /// Bytes that a process needs beyond its app's memory: the limit counts what is asked for, such as threads' stacks.
    static let headroom = 64 << 20

    private let state: String
    /// Nil where bubblewrap is missing or may not be used.
    private let view: BoxView?

    /// - Parameters:
    ///   - state: the folder of the engine's files, an absolute path without links.
    ///   - bubblewrap: nil without.
    init(state: String, bubblewrap: String?) {
        self.state = state
        view = bubblewrap.map {
            BoxView(
                bubblewrap: $0, system: SystemFolder.ofMachine(), resolver: SystemFolder.resolver(), hidden: [state])
        }
    }

    var isolation: Isolation { .plain }

    var summary: String {
        let hidden =
            view == nil
            ? "does not confine: apps run as this user and can read and signal each other"
            : "does not confine: apps run as this user; bubblewrap hides their folders from each other"
        return "\(hidden). Memory is limited by process, processors and processes are not; the network is the machine's"
    }

    func prepare(_ box: TaskBox) throws -> BoxCommand {
        let program = try box.program
        do {
            try FileManager.default.createDirectory(
                atPath: record(of: box.taskID), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw EngineError(code: .storage, message: "\(record(of: box.taskID)) cannot be made: \(error)")
        }
        var box = box
        // Without control groups this is how its processes are found: an app cannot have another.
        box.environment["MESOS_TASK_ID"] = box.taskID
        let environment = BoxEnvironment(box)
        let inside = environment.enter(box.sandbox, program)
        var script = BoxScript()
        script.limit()
        script.limit(data: BoxLimits(cpus: box.cpus, mem: box.mem).memory + Self.headroom)
        // The engine and the proxies come first.
        let polite = ["/usr/bin/nice", "-n", "5"]
        let command =
            view?.command(.same, sandbox: box.sandbox, groups: [], inside) ?? (["/usr/bin/setsid"] + inside)
        script.become(polite + command)
        return script.command(environment.variables)
    }

    func processes(of taskID: String) -> Set<Int32> { boxed(taskID).all }

    func signal(_ taskID: String, _ signal: Int32) { BoxedProcesses.signal(signal) { boxed(taskID) } }

    /// Nobody can tell: at its limit a process is refused memory, and ends as it likes.
    func hasHitMemoryLimit(_ taskID: String) -> Bool { false }

    func remove(_ taskID: String) { try? FileManager.default.removeItem(atPath: record(of: taskID)) }

    /// Nothing limits processors here but `nice`.
    func settle(_ taskID: String, cpus: Double) async {}

    func boxes() -> Set<String> {
        Set(((try? FileManager.default.contentsOfDirectory(atPath: "\(state)/boxes")) ?? []).compactMap(BoxName.taskID))
    }

    private func record(of taskID: String) -> String { "\(state)/boxes/\(BoxName.of(taskID))" }

    private func boxed(_ taskID: String) -> BoxedProcesses {
        let entries = ProcessEntry.all().filter(\.isAlive)
        let environments = Dictionary(
            uniqueKeysWithValues: entries.map { ($0.id, ProcessTable.environment(of: $0.id)) })
        func has(_ pid: Int32, _ name: String) -> Bool { environments[pid]?.contains("\(name)=\(taskID)") ?? false }
        // Those that a marked process started; the first is the engine's own, which holds the box's end for it.
        let marked = Set(entries.map(\.id).filter { has($0, BoxEnvironment.mark) })
        let makers = entries.filter { marked.contains($0.id) && marked.contains($0.parent) }
        guard view == nil else {
            // A namespace knows its processes, whatever became of their environments.
            let namespaces = Set(
                entries.filter { marked.contains($0.id) && $0.idsByNamespace.count > BoxedProcesses.depth }
                    .compactMap { ProcessTable.pidNamespace(of: $0.id) })
            return BoxedProcesses(
                entries.filter { entry in
                    makers.contains { $0.id == entry.id }
                        || ProcessTable.pidNamespace(of: entry.id).map(namespaces.contains) ?? false
                }, depth: BoxedProcesses.depth)
        }
        var boxed = BoxedProcesses()
        let known = entries.filter { has($0.id, "MESOS_TASK_ID") && !marked.contains($0.id) }
        let sessions = Set(known.map(\.session))
        let groups = Set(known.map(\.group))
        boxed.command = Set(
            entries.filter { sessions.contains($0.session) || groups.contains($0.group) }.map(\.id)
        ).union(known.map(\.id)).subtracting(marked)
        boxed.around = Set(makers.map(\.id))
        return boxed
    }
}
