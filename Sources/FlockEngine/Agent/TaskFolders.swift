import Foundation

/// Where a task's files are. Beside the sandbox, which belongs to the task, stands what the engine has to know
/// about it when both have died.
struct TaskFolders: Sendable {
    /// Sandboxes that are kept of an app after their tasks have ended, to be read by people.
    static let kept = 3

    let root: String

    func sandbox(_ taskID: String) -> String { "\(root)/tasks/\(taskID)" }
    /// Written by the task's first process.
    func pidFile(_ taskID: String) -> String { "\(root)/runs/\(taskID).pid" }
    /// Written when its command has ended: the exit status as the shell tells it.
    func exitFile(_ taskID: String) -> String { "\(root)/runs/\(taskID).exit" }

    func create(_ taskID: String) throws {
        for folder in [sandbox(taskID), "\(root)/runs"] {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }

    func number(in file: String) -> Int32? {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
        return Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    func forgetRun(_ taskID: String) {
        try? FileManager.default.removeItem(atPath: pidFile(taskID))
        try? FileManager.default.removeItem(atPath: exitFile(taskID))
    }

    /// Removes the oldest sandboxes of an app, except of tasks that are known.
    func prune(appID: String, except known: Set<String>) {
        let prefix = appID.dropFirst().split(separator: "/").joined(separator: "_") + ".instance-"
        let folder = "\(root)/tasks"
        let ended = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasPrefix(prefix) && !known.contains($0) }
            .map { (name: $0, date: Self.modified("\(folder)/\($0)")) }
            .sorted { $0.date > $1.date }
        for sandbox in ended.dropFirst(Self.kept) {
            try? FileManager.default.removeItem(atPath: "\(folder)/\(sandbox.name)")
        }
    }

    private static func modified(_ path: String) -> Date {
        (try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date) ?? .distantPast
    }
}
