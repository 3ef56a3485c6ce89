import Foundation

/// The processes of one box, told apart by what a signal to them does.
struct BoxedProcesses: Sendable, Hashable {
    /// The command's, and all that came of it.
    var command: Set<Int32> = []
    /// The first process of the box's pid namespace: the kernel ends the namespace with it.
    var first: Set<Int32> = []
    /// What holds the box from outside and hands on the command's status.
    var around: Set<Int32> = []

    var all: Set<Int32> { command.union(first).union(around) }

    struct Step: Sendable, Hashable {
        var pid: Int32
        var signal: Int32
    }

    init() {}

    /// - Parameter depth: how many pid namespaces the engine is in.
    init(_ entries: [ProcessEntry], depth: Int) {
        for entry in entries where entry.isAlive {
            if entry.idsByNamespace.count <= depth {
                around.insert(entry.id)
            } else if entry.idsByNamespace.count == depth + 1 && entry.idsByNamespace.last == 1 {
                first.insert(entry.id)
            } else {
                command.insert(entry.id)
            }
        }
    }

    /// Whom to send what, so that the box gets the signal and the status is not lost: what holds the box from outside
    /// would end with a signal of its own, and leave the command behind.
    func steps(_ signal: Int32) -> [Step] {
        if command.isEmpty && (signal == SIGTERM || signal == SIGKILL) {
            // The command has not begun, so what makes the box ends in its stead. What is inside would wait forever.
            return around.sorted().map { Step(pid: $0, signal: signal) }
                + first.sorted().map { Step(pid: $0, signal: SIGKILL) }
        }
        // One by one, those that are left a moment longer would see the others die and act on it.
        let targets = signal == SIGKILL && !first.isEmpty ? first : command
        return targets.sorted().map { Step(pid: $0, signal: signal) }
    }

    /// Sends the signal. SIGKILL is sent until nobody is left, for what is started meanwhile; for 50 ms at most, as a
    /// process that waits for a disk ends later.
    static func signal(_ signal: Int32, _ processes: () -> BoxedProcesses) {
        for _ in 0..<(signal == SIGKILL ? 50 : 1) {
            let steps = processes().steps(signal)
            if steps.isEmpty { return }
            for step in steps { kill(step.pid, step.signal) }
            if signal == SIGKILL { usleep(1000) }
        }
    }

    /// How many pid namespaces this process is in.
    static let depth = ProcessEntry(getpid())?.idsByNamespace.count ?? 1
}
