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
        let name = appID.dropFirst().split(separator: "/").joined(separator: "_")
        for ended in taskIDs(of: name).filter({ !known.contains($0) }).dropFirst(Self.kept) {
            try? FileManager.default.removeItem(atPath: sandbox(ended))
        }
    }

    /// The task that was started last of an app.
    /// - Parameter name: the app's id with its segments joined by underscores.
    func newest(of name: String) -> String? { taskIDs(of: name).first }

    /// Of all sandboxes that are there, newest first.
    private func taskIDs(of name: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/tasks")) ?? []
        return names.filter { $0.hasPrefix(name + ".instance-") }
            .map { (id: $0, date: Self.modified("\(root)/tasks/\($0)/stdout")) }
            .sorted { ($0.date, $0.id) > ($1.date, $1.id) }
            .map(\.id)
    }

    private static func modified(_ path: String) -> Date {
        (try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date) ?? .distantPast
    }
}
