import Foundation

/// Where tasks' sandboxes are.
struct TaskFolders: Sendable {
    /// Sandboxes that are kept of an app after their tasks have ended, to be read by people.
    static let kept = 3

    let root: String

    func sandbox(_ taskID: String) -> String { "\(root)/tasks/\(taskID)" }

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
