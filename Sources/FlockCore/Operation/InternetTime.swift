public import Foundation

/// Moments as RFC 3339 writes them.
public enum InternetTime {
    private static let whole = Date.ISO8601FormatStyle()
    private static let fractional = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// - Parameter text: with or without fractions of a second, in any zone.
    /// - Returns: `nil` for what is no moment.
    public static func date(_ text: String) -> Date? {
        (try? fractional.parse(text)) ?? (try? whole.parse(text))
    }

    /// To the millisecond, in UTC.
    public static func text(_ date: Date) -> String { fractional.format(date) }
}
