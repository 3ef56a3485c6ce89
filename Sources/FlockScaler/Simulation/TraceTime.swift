import Foundation

/// Points in time as traces and people write them.
enum TraceTime {
    /// Some thousand years from 1970.
    private static let latest = 1e11

    /// Seconds since 1970 of `1998-06-10`, `1998-06-10 12:00`, `1998-06-10T12:00:00.5Z`, `+02:00` at the end, or a plain
    /// number of seconds. Without a zone it is UTC.
    static func seconds(_ text: some StringProtocol) -> Double? {
        if let number = Double(text) { return abs(number) < latest ? number : nil }
        var bytes = Array(text.utf8)[...]
        guard let year = number(&bytes, 4), skip(&bytes, "-"), let month = number(&bytes, 2), skip(&bytes, "-"),
            let day = number(&bytes, 2), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var seconds = Double(days(year, month, day)) * 86_400
        guard !bytes.isEmpty else { return seconds }
        guard skip(&bytes, " ") || skip(&bytes, "T"), let hour = number(&bytes, 2), skip(&bytes, ":"),
            let minute = number(&bytes, 2), hour < 24, minute < 60
        else { return nil }
        seconds += Double(hour * 3600 + minute * 60)
        if skip(&bytes, ":") {
            let digits = bytes.prefix { $0 == UInt8(ascii: ".") || $0.isDigit }
            bytes.removeFirst(digits.count)
            guard let part = Double(String(decoding: digits, as: UTF8.self)), part < 61 else { return nil }
            seconds += part
        }
        if bytes.isEmpty || bytes.elementsEqual("Z".utf8) { return seconds }
        guard let offset = offset(&bytes), bytes.isEmpty else { return nil }
        return seconds - offset
    }

    /// Of an access log: `17/May/2015:10:05:03 +0200`.
    static func ofLog(_ text: ArraySlice<UInt8>) -> Double? {
        var bytes = text
        guard let day = number(&bytes, 2), skip(&bytes, "/"), bytes.count > 3,
            let month = months[String(decoding: bytes.prefix(3), as: UTF8.self)]
        else { return nil }
        bytes.removeFirst(3)
        guard skip(&bytes, "/"), let year = number(&bytes, 4), skip(&bytes, ":"), let hour = number(&bytes, 2),
            skip(&bytes, ":"), let minute = number(&bytes, 2), skip(&bytes, ":"), let second = number(&bytes, 2),
            (1...31).contains(day), hour < 24, minute < 60, second < 61
        else { return nil }
        let seconds = Double(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
        guard skip(&bytes, " ") else { return seconds }
        return offset(&bytes).map { seconds - $0 }
    }

    private static let months = [
        "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11,
        "Dec": 12,
    ]

    /// `+02:00` or `+0200`, in seconds.
    private static func offset(_ bytes: inout ArraySlice<UInt8>) -> Double? {
        let isNegative = skip(&bytes, "-")
        guard isNegative || skip(&bytes, "+"), let hours = number(&bytes, 2) else { return nil }
        _ = skip(&bytes, ":")
        guard let minutes = number(&bytes, 2) else { return nil }
        return Double(hours * 3600 + minutes * 60) * (isNegative ? -1 : 1)
    }

    private static func skip(_ bytes: inout ArraySlice<UInt8>, _ mark: Unicode.Scalar) -> Bool {
        guard bytes.first == UInt8(ascii: mark) else { return false }
        bytes.removeFirst()
        return true
    }

    private static func number(_ bytes: inout ArraySlice<UInt8>, _ digits: Int) -> Int? {
        guard bytes.count >= digits else { return nil }
        var number = 0
        for byte in bytes.prefix(digits) {
            guard byte.isDigit else { return nil }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        bytes.removeFirst(digits)
        return number
    }

    /// Since 1970, in the Gregorian calendar.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let ofEra = year - era * 400
        let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
