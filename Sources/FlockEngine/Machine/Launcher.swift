/// Starts a task's processes and bounds what they can reach and use. Every call may be made from any thread, and all
/// but ``prepare(_:)`` are short. A box outlives the engine, and a new engine finds it again by the task's id.
protocol Launcher: Sendable {
    var isolation: Isolation { get }
    /// For `flock doctor`: what it confines and what it does not, in one line.
    var summary: String { get }

    /// Makes what the task's box needs, such as a user and cgroups, gives it the sandbox, and says what to run in the
    /// command's stead.
    /// - Throws: ``EngineError`` when the machine refuses.
    func prepare(_ box: TaskBox) throws -> BoxCommand

    /// Ends the time in which a starting task may use a whole core, however small its share: from now on it has its
    /// share, which may have changed nothing.
    func settle(_ taskID: String, cpus: Double) async

    /// Ids of the processes in the box, as this machine's processes see them; zombies do not count.
    func processes(of taskID: String) -> Set<Int32>

    /// Sends the signal to every process in the box, those that left their group or session too.
    func signal(_ taskID: String, _ signal: Int32)

    /// Whether the kernel ended a process of the box because the box had used up its memory.
    func hasHitMemoryLimit(_ taskID: String) -> Bool

    /// Removes what ``prepare(_:)`` made. The box is empty by then.
    func remove(_ taskID: String)

    /// Tasks whose boxes are there, whoever made them.
    func boxes() -> Set<String>
}

enum Isolation: String, Codable, Sendable, CaseIterable {
    /// Transient units, where systemd is the first process.
    case systemd
    /// Bubblewrap, and cgroups that the engine writes; as root, without systemd.
    case bwrap
    /// What can be had without root; does not confine.
    case plain
}

/// What goes into a box.
struct TaskBox: Sendable, Hashable {
    var taskID: String
    var appID: String
    /// The task's own folder: it may write there and in its private `/tmp`, nowhere else.
    var sandbox: String
    /// Run inside, looked up in the environment's `PATH`.
    var arguments: [String]
    /// All of it; nothing is inherited.
    var environment: [String: String]
    /// Shares of cores.
    var cpus: Double
    /// MiB.
    var mem: Double
}

/// What is run in place of a task's command. It ends with the command's status, or with 128 and the signal's number.
struct BoxCommand: Sendable, Hashable {
    /// For a shell, which becomes the box.
    var script: String
    /// The script's.
    var arguments: [String]
    /// By names that a shell takes for variables.
    var environment: [String: String]

    /// For those who are no shell themselves.
    var words: [String] { [BoxScript.shell, "-c", script, "flock-box"] + arguments }
}
