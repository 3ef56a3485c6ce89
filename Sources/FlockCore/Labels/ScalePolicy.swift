public import Foundation

/// The policy that holds for one app: the settings, and what the app asks for itself.
public struct ScalePolicy: Sendable, Hashable {
    /// Between two looks at the load.
    public var every: Duration
    public var min: Int
    public var max: Int
    /// Share of its instances' concurrency that is aimed at, where 25 requests are under way.
    public var target: Double
    /// Requests that one instance serves at once.
    public var concurrency: Int
    /// Requests a second that one instance is given at most; `nil` for any number.
    public var requestsPerSecond: Double?
    /// Over which the load is averaged.
    public var window: Duration
    /// Over which a sudden load is averaged.
    public var burstWindow: Duration
    /// A sudden load that needs so many times the instances that are ready is a burst: nothing is taken away in it.
    public var burstFactor: Double
    /// One step gives at most so many times the instances that are ready.
    public var maxUp: Double
    /// One step leaves at least the present instances divided by this.
    public var maxDown: Double
    /// Instances are taken away only when fewer were enough for so long.
    public var scaleDownDelay: Duration
    /// Without use for so long, the app goes to sleep.
    public var idleAfter: Duration
    /// How long it stays awake at least, once it is.
    public var minAwake: Duration
    /// Instances that a wake starts.
    public var wake: Int
    /// When it is kept awake by the calendar.
    public var awake: [AwakeSchedule]

    public init(_ settings: Settings.Scaler, _ overrides: ScaleOverrides = ScaleOverrides()) {
        every = settings.every.duration
        max = overrides.max ?? settings.max
        min = Swift.min(overrides.min ?? settings.min, max)
        target = overrides.target ?? settings.target
        concurrency = overrides.concurrency ?? settings.concurrency
        let rate = overrides.requestsPerSecond ?? settings.requestsPerSecond
        requestsPerSecond = rate > 0 ? rate : nil
        window = settings.window.duration
        burstWindow = settings.burstWindow.duration
        burstFactor = settings.burstFactor
        maxUp = settings.maxUp
        maxDown = settings.maxDown
        scaleDownDelay = (overrides.scaleDownDelay ?? settings.scaleDownDelay).duration
        idleAfter = (overrides.idleAfter ?? settings.idleAfter).duration
        minAwake = (overrides.minAwake ?? settings.minAwake).duration
        wake = Swift.max(1, Swift.min(overrides.wake ?? 1, max))
        awake = overrides.awake ?? settings.awake
    }

    /// Whether the calendar keeps the app awake.
    public func isAwake(at date: Date) -> Bool { awake.contains { $0.contains(date) } }
}
