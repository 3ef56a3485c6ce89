import Foundation
import Testing

@testable import FlockCore

@Suite struct AwakeScheduleTests {
    /// - Parameter text: in UTC, such as `2026-11-27T08:00:00Z`, a Friday.
    private func date(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

    @Test(
        "the hours on the wall of the zone, the end not included",
        arguments: [
            ("weekdays 08:00-19:00 Europe/Madrid", "2026-11-27T07:00:00Z", true),
            ("weekdays 08:00-19:00 Europe/Madrid", "2026-11-27T06:59:59Z", false),
            ("weekdays 08:00-19:00 Europe/Madrid", "2026-11-27T17:59:59Z", true),
            ("weekdays 08:00-19:00 Europe/Madrid", "2026-11-27T18:00:00Z", false),
            // A Saturday.
            ("weekdays 08:00-19:00 Europe/Madrid", "2026-11-28T10:00:00Z", false),
            ("weekends 08:00-19:00 Europe/Madrid", "2026-11-28T10:00:00Z", true),
            // In summer the zone is another hour ahead.
            ("daily 08:00-19:00 Europe/Madrid", "2026-07-03T06:00:00Z", true),
            ("daily 08:00-19:00 Europe/Madrid", "2026-07-03T17:00:00Z", false),
            // Clocks go from 02:00 to 03:00: half an hour of these hours is left, on the wall 03:00 to 03:30.
            ("sun 02:30-03:30 Europe/Madrid", "2026-03-29T01:15:00Z", true),
            ("sun 02:30-03:30 Europe/Madrid", "2026-03-29T01:30:00Z", false),
            // It is Saturday in Tokyo already.
            ("sat 00:00-24:00 Asia/Tokyo", "2026-11-27T15:00:00Z", true),
            ("sat 00:00-24:00 Asia/Tokyo", "2026-11-28T15:00:00Z", false),
            ("mon,wed-fri 10:00-11:00", "2026-11-27T10:30:00Z", true),
            ("mon,wed-fri 10:00-11:00", "2026-11-24T10:30:00Z", false),
            ("sat-mon 10:00-11:00 UTC", "2026-11-29T10:30:00Z", true),
            // Over midnight it belongs to the day it begins on.
            ("fri 22:00-02:00 UTC", "2026-11-27T23:00:00Z", true),
            ("fri 22:00-02:00 UTC", "2026-11-28T01:59:00Z", true),
            ("fri 22:00-02:00 UTC", "2026-11-28T02:00:00Z", false),
            ("fri 22:00-02:00 UTC", "2026-11-27T01:00:00Z", false),
            ("Daily 00:00-24:00", "2026-11-27T23:59:59Z", true),
        ])
    func hours(text: String, now: String, isAwake: Bool) throws {
        #expect(try AwakeSchedule(text).contains(try date(now)) == isAwake)
    }

    @Test(
        "what is wrong is said",
        arguments: [
            ("", "is no schedule"), ("weekdays", "is no schedule"), ("weekdays 08:00-19:00 Europe/Madrid x", "is no"),
            ("workdays 08:00-19:00", "is no day"), ("mon- 08:00-19:00", "is no day"),
            ("mon,,tue 08:00-09:00", "is no day"),
            ("daily 8-19", "are no hours"), ("daily 08:00", "are no hours"), ("daily 08:00-08:00", "are no hours"),
            ("daily 24:00-08:00", "are no hours"), ("daily 08:60-09:00", "are no hours"),
            ("daily 08:00-24:01", "are no hours"), ("daily 08:00-09:00 Mars/Base", "is no time zone"),
        ])
    func wrong(text: String, why: String) {
        let error = #expect(throws: AwakeSchedule.Invalid.self) { try AwakeSchedule(text) }
        #expect(error?.description.contains(why) == true, "\(error?.description ?? "")")
    }

    @Test("it is written as it was read")
    func coding() throws {
        let schedule = try AwakeSchedule("weekdays 08:00-19:00 Europe/Madrid")
        let json = try JSONEncoder().encode([schedule])
        #expect(try JSONDecoder().decode([AwakeSchedule].self, from: json) == [schedule])
    }
}
