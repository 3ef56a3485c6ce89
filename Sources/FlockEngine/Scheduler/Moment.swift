import Foundation

/// The time that a decision is made at: `elapsed` to measure with, since it never jumps, and `date` to write down.
struct Moment: Sendable, Hashable {
    /// Since the engine started.
    var elapsed: Duration
    var date: Date

    /// ISO 8601 with milliseconds in UTC, as Marathon writes versions.
    var timestamp: String { Self.timestamp(date) }

    static func timestamp(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// `nil` for what is no timestamp.
    static func date(_ timestamp: String) -> Date? {
        try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(timestamp)
    }
}
