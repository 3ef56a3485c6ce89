/// A length of time as people write it: `250ms`, `30s`, `5m`, `2h`, `1d`.
public struct TimeSpan: Sendable, Hashable, Codable, CustomStringConvertible {
    public var duration: Duration

    public init(_ duration: Duration) {
        self.duration = duration
    }

    private static let units: [(suffix: String, milliseconds: Double)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]

    public init?(_ text: String) {
        guard let unit = Self.units.first(where: { text.hasSuffix($0.suffix) }),
            let number = Double(text.dropLast(unit.suffix.count)), number >= 0, number.isFinite,
            number * unit.milliseconds <= 366 * 86_400_000
        else { return nil }
        duration = .milliseconds(number * unit.milliseconds)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let span = TimeSpan(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text)\" is not a length of time; write 250ms, 30s, 5m, 2h or 1d")
        }
        self = span
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    /// The largest unit that gives a whole number.
    public var description: String {
        let milliseconds = duration / .milliseconds(1)
        let unit =
            Self.units.last {
                milliseconds >= $0.milliseconds && milliseconds.truncatingRemainder(dividingBy: $0.milliseconds) == 0
            }
            ?? Self.units[0]
        return "\(Int(milliseconds / unit.milliseconds))\(unit.suffix)"
    }
}
