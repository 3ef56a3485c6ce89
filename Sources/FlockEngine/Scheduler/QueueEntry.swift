import Foundation

/// Instances of one app that wait to be launched, and what became of the offers they saw.
struct QueueEntry: Sendable, Hashable {
    var since: Date
    var count: Int
    var processed = 0
    var lastUnused: Date?
    var lastUsed: Date?
    var unused = 0
    /// How often each reason was met since the app waits.
    var rejections: [Rejection: Int] = [:]
    /// Met by the offer that was looked at last.
    var last: Rejection?

    mutating func rejected(_ reason: Rejection, at date: Date) {
        processed += 1
        unused += 1
        lastUnused = date
        last = reason
        rejections[reason, default: 0] += 1
    }

    mutating func used(at date: Date) {
        processed += 1
        lastUsed = date
        last = nil
    }
}
