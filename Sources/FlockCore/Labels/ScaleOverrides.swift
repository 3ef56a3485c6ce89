import Foundation

/// What an app asks for itself, over the settings: the `scale` key of its descriptor, and the label
/// `FLOCK_SCALE` as compact JSON.
public struct ScaleOverrides: Codable, Sendable, Hashable {
    public var min: Int?
    public var max: Int?
    /// Share of an instance's concurrency that is aimed at, above 0 to 1.
    public var target: Double?
    /// Requests that one instance serves at once.
    public var concurrency: Int?
    public var idleAfter: TimeSpan?
    public var scaleDownDelay: TimeSpan?
    /// Instances that a wake starts.
    public var wake: Int?

    public init() {}

    init?(label: String) {
        guard let value = try? JSONDecoder().decode(Self.self, from: Data(label.utf8)),
            value.target.map({ (0.01...1).contains($0) }) ?? true,
            value.concurrency.map({ (1...100_000).contains($0) }) ?? true,
            [value.min, value.max, value.wake].allSatisfy({ $0.map { (0...1000).contains($0) } ?? true })
        else { return nil }
        self = value
    }

    public var isEmpty: Bool { self == ScaleOverrides() }

    /// Compact, keys in order, so that the same policy is the same label.
    public var label: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

/// The policy that holds for one app.
public struct ScalePolicy: Sendable, Hashable {
    public var min: Int
    public var max: Int
    public var target: Double
    public var concurrency: Int
    public var idleAfter: Duration
    public var scaleDownDelay: Duration
    public var wake: Int

    public init(_ settings: Settings.Scaler, _ overrides: ScaleOverrides = ScaleOverrides()) {
        max = overrides.max ?? settings.max
        min = Swift.min(overrides.min ?? settings.min, max)
        target = overrides.target ?? settings.target
        concurrency = overrides.concurrency ?? settings.concurrency
        idleAfter = (overrides.idleAfter ?? settings.idleAfter).duration
        scaleDownDelay = (overrides.scaleDownDelay ?? settings.scaleDownDelay).duration
        wake = Swift.max(1, min, overrides.wake ?? 1)
    }
}
