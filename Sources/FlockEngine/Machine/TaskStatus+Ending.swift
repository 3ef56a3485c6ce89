import Foundation

extension TaskStatus {
    /// How a task has ended whose box is empty.
    /// - Parameters:
    ///   - code: as the shell tells it, 128 and its number for a signal; `nil` when nothing says it.
    ///   - hitMemoryLimit: whether the kernel ended one of its processes for its memory.
    static func ended(_ record: RunRecord, agentID: String, code: Int32?, hitMemoryLimit: Bool) -> TaskStatus {
        var status = TaskStatus(taskID: record.taskID, agentID: agentID, state: .failed)
        if record.grace != nil {
            status.state = .killed
            status.message = words(for: code ?? 128 + SIGKILL)
        } else if code == 0 {
            status.state = .finished
            status.message = words(for: 0)
        } else if hitMemoryLimit {
            let limit = record.launch.resources.mem
            status.message = "Memory limit exceeded: \(limit.formatted(.number.grouping(.never))) MB"
            status.reason = .memoryLimit
        } else if let code {
            status.message = words(for: code)
            status.reason = .command
        } else {
            status.state = .lost
            status.message = "The command is gone, and nothing says how it ended"
        }
        return status
    }

    /// As Mesos' executor says it.
    private static func words(for code: Int32) -> String {
        guard code > 128, code <= 128 + 64 else { return "Command exited with status \(code)" }
        return "Command terminated with signal \(signalNames[code - 128] ?? "\(code - 128)")"
    }

    private static let signalNames: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
        SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1",
        SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
        SIGSYS: "SIGSYS", SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ",
    ]
}
