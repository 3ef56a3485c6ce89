import Foundation

/// The last decisions of each app: those that changed something, and one a minute of those that did not.
struct DecisionLog: Sendable {
    static let most = 60
    private static let pause = 60.0

    private var records: [String: [DecisionRecord]] = [:]

    mutating func add(_ record: DecisionRecord, of app: String) {
        if let last = records[app]?.last, record.repeats(last), record.at.timeIntervalSince(last.at) < Self.pause {
            return
        }
        records[app, default: []].append(record)
        if let count = records[app]?.count, count > Self.most { records[app]?.removeFirst(count - Self.most) }
    }

    /// What was in the way of the newest one.
    mutating func prevented(_ why: String, of app: String) {
        guard let last = records[app]?.indices.last else { return }
        records[app]?[last].prevented = why
    }

    mutating func keep(_ isKnown: (String) -> Bool) {
        records = records.filter { isKnown($0.key) }
    }

    /// Oldest first.
    subscript(app: String) -> [DecisionRecord] { records[app] ?? [] }
}
