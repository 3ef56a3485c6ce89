import Foundation

/// What the kernel says about processes, also about those that are not our children.
enum ProcessTable {
    /// Whether the process lives; a zombie does not. Source: proc(5), /proc/PID/stat.
    static func isAlive(_ pid: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            // The command's name stands in parentheses and may hold anything.
            let end = stat.lastIndex(of: ")")
        else { return false }
        let state = stat[stat.index(after: end)...].first { $0 != " " }
        return state != "Z" && state != "X"
    }

    /// Whether the process is the task's: a pid may have been given to another since.
    static func isTask(_ taskID: String, pid: Int32) -> Bool {
        guard isAlive(pid), let environment = try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(pid)/environ")) else {
            return false
        }
        let entry = Data("MESOS_TASK_ID=\(taskID)".utf8)
        return environment.split(separator: 0).contains { $0.elementsEqual(entry) }
    }

    /// Sends a signal to a process group.
    /// - Returns: whether there was one.
    @discardableResult
    static func signal(group: Int32, _ signal: Int32) -> Bool {
        // 0 and 1 would mean our own group and everybody.
        guard group > 1 else { return false }
        return Foundation.kill(-group, signal) == 0
    }
}
