public import Foundation

/// Hours of the week in which an app is kept awake: `weekdays 08:00-19:00 Europe/Madrid`.
///
/// The days are `daily`, `weekdays`, `weekends`, or days and ranges of them (`mon,wed-fri`). Hours that end before they
/// begin go over midnight and belong to the day they begin on. The zone is of the IANA database, and UTC when left out;
/// where clocks are changed, the hours are those on the wall.
public struct AwakeSchedule: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Why a text is no schedule.
    public struct Invalid: Error, CustomStringConvertible {
        public var description: String
    }

    /// As it was written.
    public let description: String
    /// Monday is 1.
    private let days: Set<Int>
    /// Minutes since midnight.
    private let begin: Int
    private let end: Int
    private let zone: TimeZone

    private static let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    private static let example = "write \"weekdays 08:00-19:00 Europe/Madrid\""

    public init(_ text: String) throws(Invalid) {
        description = text
        let words = text.split(separator: " ")
        guard words.count == 2 || words.count == 3 else {
            throw Invalid(description: "\"\(text)\" is no schedule; \(Self.example)")
        }
        days = try Self.days(words[0].lowercased())
        let hours = words[1].split(separator: "-", omittingEmptySubsequences: false)
        guard hours.count == 2, let begin = Self.minutes(hours[0]), let end = Self.minutes(hours[1]), begin < 1440,
            end > 0, begin != end
        else { throw Invalid(description: "\"\(words[1])\" are no hours; write 08:00-19:00, or 00:00-24:00") }
        (self.begin, self.end) = (begin, end)
        let name = words.count == 3 ? String(words[2]) : "UTC"
        guard let zone = TimeZone(identifier: name) else {
            throw Invalid(description: "\"\(name)\" is no time zone; write one such as Europe/Madrid, or UTC")
        }
        self.zone = zone
    }

    private static func days(_ text: String) throws(Invalid) -> Set<Int> {
        switch text {
        case "daily": return Set(1...7)
        case "weekdays": return Set(1...5)
        case "weekends": return [6, 7]
        default: break
        }
        var days: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { day in
                names.firstIndex { $0 == day }.map { $0 + 1 }
            }
            guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil else {
                throw Invalid(
                    description: "\"\(part)\" is no day; write daily, weekdays, weekends, or days such as mon,wed-fri")
            }
            // Over the end of the week: fri-mon.
            days.formUnion(first <= last ? Set(first...last) : Set(first...7).union(1...last))
        }
        return days
    }

    private static func minutes(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 2, parts[1].count == 2, let hour = UInt8(parts[0]),
            let minute = UInt8(parts[1]), hour < 24 && minute < 60 || hour == 24 && minute == 0
        else { return nil }
        return Int(hour) * 60 + Int(minute)
    }

    public func contains(_ date: Date) -> Bool {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let now = calendar.dateComponents([.weekday, .hour, .minute], from: date)
        // Of the calendar, Sunday is 1.
        let today = ((now.weekday ?? 1) + 5) % 7 + 1
        let minute = (now.hour ?? 0) * 60 + (now.minute ?? 0)
        if begin < end { return days.contains(today) && minute >= begin && minute < end }
        let yesterday = today == 1 ? 7 : today - 1
        return days.contains(today) && minute >= begin || days.contains(yesterday) && minute < end
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            self = try AwakeSchedule(try container.decode(String.self))
        } catch let error as Invalid {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
