import Foundation

/// What the apps of a fleet are like: how often each is visited, and when.
///
/// An app's visits an hour are drawn from a log-normal distribution, so that most have nearly none and a few have most.
/// They follow the day (least at night, most in the afternoon) and the week (half as many at the weekend). A visit is
/// some requests, one every few seconds.
public struct FleetDistribution: Sendable, Hashable {
    public var apps = 1000
    public var days = 30
    /// Half of the apps have fewer visits an hour than this.
    public var visitsPerHour = 0.3
    /// Standard deviation of the logarithm of the visits an hour.
    public var spread = 2.0
    /// Requests in a visit on average, geometrically distributed.
    public var requestsPerVisit = 8.0
    /// Between two requests of a visit on average, exponentially distributed.
    public var pause: Duration = .seconds(5)

    public init() {}

    private static let busiestHour = 15.0

    /// The trace of one of the apps. The same number and seed give the same one.
    func trace(of app: Int, seed: UInt64) -> Trace {
        var random = RandomSource(seed: seed, stream: UInt64(app) &+ 1000)
        let mean = visitsPerHour * exp(spread * random.normal())
        // Not all have their day at the same time.
        let shift = random.normal() * 2
        let duration = Double(days) * 86_400
        let most = mean / 3600 * 2
        var requests: [Trace.Request] = []
        var now = 0.0
        while true {
            now += random.exponential(mean: 1 / most)
            guard now < duration else { break }
            guard random.unit() * 2 < Self.rhythm(at: now, shift: shift) else { continue }
            var at = now
            while at < duration {
                requests.append(Trace.Request(at: at))
                guard random.unit() < 1 - 1 / requestsPerVisit else { break }
                at += random.exponential(mean: pause / .seconds(1))
            }
        }
        requests.sort { $0.at < $1.at }
        return Trace(app: String(app), arrivals: .each(requests), duration: duration)
    }

    /// Times the mean of a weekday, 0.2 to 1.8.
    private static func rhythm(at seconds: Double, shift: Double) -> Double {
        let hour = (seconds / 3600).truncatingRemainder(dividingBy: 24)
        let day = Int(seconds / 86_400) % 7
        return (1 + 0.8 * cos((hour - busiestHour - shift) / 24 * 2 * .pi)) * (day >= 5 ? 0.5 : 1)
    }
}
