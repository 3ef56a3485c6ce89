/// A task's environment on its way into the box. What makes the box runs with the engine's rights and must not see
/// it: a `LD_PRELOAD` of the app's would be loaded there. Nor may it stand in arguments, which every user can read.
/// So each entry travels as the value of a variable whose name means nothing, and the last program before the
/// command's, env(1), turns them back.
struct BoxEnvironment: Sendable, Hashable {
    /// Marks what makes and holds a box, by the task's id; the command does not have it.
    static let mark = "FLOCK_BOX"

    /// What everything outside the command runs with.
    let variables: [String: String]
    /// How many entries there are.
    private let count: Int

    /// Entries that no process can have, with `=` or NUL in the name or NUL in the value, are left out.
    init(_ box: TaskBox) {
        let entries = box.environment.sorted { $0.key < $1.key }.filter { name, value in
            !name.isEmpty && !name.utf8.contains { $0 == UInt8(ascii: "=") || $0 == 0 } && !value.utf8.contains(0)
        }
        var variables = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            // By this the engine knows the task's first process again.
            "MESOS_TASK_ID": box.taskID,
            Self.mark: box.taskID,
        ]
        for (index, entry) in entries.enumerated() {
            variables["\(Self.mark)_\(index)"] = "\(entry.key)=\(entry.value)"
        }
        self.variables = variables
        count = entries.count
    }

    /// Goes to the sandbox and becomes the command, with its own environment.
    func enter(_ sandbox: String, _ command: [String]) -> [String] {
        let entries = (0..<count).map { "${\(Self.mark)_\($0)}" }
        return ["/usr/bin/env", "--chdir=\(sandbox)", "-S", (["-i", "--"] + entries).joined(separator: " ")] + command
    }
}
