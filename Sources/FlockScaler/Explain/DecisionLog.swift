import Foundation

/// The last decisions of each app: those that changed something, and one a minute of those that did not.
struct DecisionLog: Sendable {
    static let most = 60
    private static let pause = 60.0

    private var records: [String: [DecisionRecord]] = [:]

    mutating func add(_ record: DecisionRecord, of app: String) {
        if let last = records[app]?.last, record.at.timeIntervalSince(last.at) < Self.pause,
            record.repeats(last) || (record.prevented == nil && record.repeats(last.asIfDone))
        {
            // Tried again, with the same in its way for all that is known.
            return
        }
        records[app, default: []].append(record)
        if let count = records[app]?.count, count > Self.most { records[app]?.removeFirst(count - Self.most) }
    }

    /// What was in the way of the newest one that this rule decided; others may have come since.
    mutating func prevented(_ why: String, of app: String, _ rule: ScaleVerdict.Rule) {
        let index = records[app]?.lastIndex { $0.rule == rule.rawValue && $0.action != "keep" }
        if let index { records[app]?[index].prevented = why }
    }

    mutating func keep(_ isKnown: (String) -> Bool) {
        records = records.filter { isKnown($0.key) }
    }

    /// Oldest first.
    subscript(app: String) -> [DecisionRecord] { records[app] ?? [] }
}
