import Foundation

/// What an app asks for itself, over the settings: the `scale` key of its descriptor, and the label
/// `FLOCK_SCALE` as compact JSON.
public struct ScaleOverrides: Codable, Sendable, Hashable {
    public var min: Int?
    public var max: Int?
    /// Share of its instances' concurrency that is aimed at, above 0 to 1.
    public var target: Double?
    /// Requests that one instance serves at once.
    public var concurrency: Int?
    public var idleAfter: TimeSpan?
    public var scaleDownDelay: TimeSpan?
    public var minAwake: TimeSpan?
    /// Requests a second that one instance is given at most; 0 for any number.
    public var requestsPerSecond: Double?
    /// Instances that a wake starts.
    public var wake: Int?
    /// When it is kept awake by the calendar; empty for never, where the settings say otherwise.
    public var awake: [AwakeSchedule]?

    static let mostSchedules = 16
    static let rates = 0.0...1_000_000.0

    public init() {}

    init?(label: String) {
        guard let value = Self.decoded(Data(label.utf8)),
            value.target.map({ (0.01...1).contains($0) }) ?? true,
            value.concurrency.map({ (1...100_000).contains($0) }) ?? true,
            value.requestsPerSecond.map({ Self.rates.contains($0) }) ?? true,
            value.awake.map({ $0.count <= Self.mostSchedules }) ?? true,
            [value.min, value.max, value.wake].allSatisfy({ $0.map { (0...1000).contains($0) } ?? true })
        else { return nil }
        self = value
    }

    /// Hours that this machine can't read, such as of a zone it does not know, are left out; the rest holds.
    private static func decoded(_ label: Data) -> Self? {
        if let value = try? JSONDecoder().decode(Self.self, from: label) { return value }
        guard var keys = try? JSONSerialization.jsonObject(with: label) as? [String: Any],
            let hours = keys.removeValue(forKey: "awake") as? [String],
            let rest = try? JSONSerialization.data(withJSONObject: keys),
            var value = try? JSONDecoder().decode(Self.self, from: rest)
        else { return nil }
        value.awake = hours.compactMap { try? AwakeSchedule($0) }
        return value
    }

    public var isEmpty: Bool { self == ScaleOverrides() }

    /// Compact, keys in order, so that the same policy is the same label.
    public var label: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
