import FlockCore
import Foundation

/// What the kernel says about processes, also about those that are not our children.
enum ProcessTable {
    /// Whether the process was started with this variable, `NAME=value`.
    static func hasVariable(_ variable: String, pid: Int32) -> Bool {
        environment(of: pid).contains(variable)
    }

    /// The environment that the process's program was started with, as entries `NAME=value`; empty for one that we may
    /// not look into.
    static func environment(of pid: Int32) -> Set<String> {
        guard let data = ProcFile.read("/proc/\(pid)/environ") else { return [] }
        return Set(data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
    }

    /// The pid namespace that the process is in, as the kernel names it. Source: namespaces(7).
    static func pidNamespace(of pid: Int32) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/pid")
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
