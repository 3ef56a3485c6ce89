import FlockCore
import Foundation
import Synchronization

@testable import FlockEngine

/// Confines nothing: a session for each task, whose processes are found by their environment. What it prepares is a
/// file, so that a test sees what was not removed.
final class BareLauncher: Launcher {
    let isolation = Isolation.plain
    let summary = "nothing"
    private let folder: String
    private let limited = Mutex(Set<String>())

    init(folder: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    func prepare(_ box: TaskBox) throws -> BoxCommand {
        _ = FileManager.default.createFile(atPath: "\(folder)/\(box.taskID)", contents: nil)
        let entries = box.environment.map { "\($0)=\($1)" }
        return BoxCommand(
            script: #"exec /usr/bin/env -i -- "$@""#, arguments: entries + ["/usr/bin/setsid"] + box.arguments,
            environment: [:])
    }

    func settle(_ taskID: String, cpus: Double) async {}

    func processes(of taskID: String) -> Set<Int32> {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return Set(
            entries.compactMap { Int32($0) }.filter { pid in
                ProcessStat(pid: pid)?.isAlive == true && ProcessTable.hasVariable("MESOS_TASK_ID=\(taskID)", pid: pid)
            })
    }

    func signal(_ taskID: String, _ signal: Int32) {
        for pid in processes(of: taskID) { kill(pid, signal) }
    }

    func hasHitMemoryLimit(_ taskID: String) -> Bool { limited.withLock { $0.contains(taskID) } }
    func hitMemoryLimit(_ taskID: String) { _ = limited.withLock { $0.insert(taskID) } }

    func remove(_ taskID: String) {
        try? FileManager.default.removeItem(atPath: "\(folder)/\(taskID)")
    }

    func boxes() -> Set<String> {
        Set((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
    }
}
