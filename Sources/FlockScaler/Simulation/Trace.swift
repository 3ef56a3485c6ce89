import Foundation

/// What arrived at one app, or at several: what a simulation replays.
struct Trace: Sendable {
    struct Request: Sendable {
        /// Seconds since the trace began.
        var at: Double
        /// One of those that neither wake an app nor keep it awake.
        var isIgnored = false
    }

    enum Arrivals: Sendable {
        /// Requests in each minute; the last number is of the minute after the trace.
        case perMinute([Double])
        /// In the order in which they came.
        /// - Parameter resolution: seconds; those at one time came at any moment within it.
        case each([Request], resolution: Double = 0)
    }

    var app: String
    var arrivals: Arrivals
    /// Seconds.
    var duration: Double
    /// When it began, where the trace says so; a calendar needs it.
    var start: Date?
}

/// The arrivals of a trace, one after the other. The same seed gives the same ones.
struct ArrivalSequence: Sequence, IteratorProtocol, Sendable {
    private let trace: Trace
    /// One in so many is replayed.
    private let scale: Double
    private var random: RandomSource
    /// The minute, or the index of the request, that is looked at.
    private var index = 0
    private var offset = 0.0
    /// Requests of one time of the trace, the last one first.
    private var spread: [Trace.Request] = []

    init(_ trace: Trace, scale: Double, seed: UInt64) {
        self.trace = trace
        self.scale = scale
        random = RandomSource(seed: seed, stream: 1)
    }

    mutating func next() -> Trace.Request? {
        switch trace.arrivals {
        case .perMinute(let counts): return nextOf(counts)
        case .each(let requests, let resolution):
            while true {
                if let next = spread.popLast() { return next }
                guard index < requests.count else { return nil }
                spreadOut(requests, resolution)
            }
        }
    }

    private mutating func spreadOut(_ requests: [Trace.Request], _ resolution: Double) {
        let at = requests[index].at
        repeat {
            var request = requests[index]
            index += 1
            guard scale <= 1 || random.unit() * scale < 1 else { continue }
            request.at = Swift.min(at + random.unit() * resolution, trace.duration.nextDown)
            spread.append(request)
        } while index < requests.count && requests[index].at == at
        spread.sort { $0.at > $1.at }
    }

    /// A Poisson process whose rate goes in a straight line from each minute's to the next one's, by thinning.
    private mutating func nextOf(_ counts: [Double]) -> Trace.Request? {
        while index + 1 < counts.count {
            let (from, to) = (counts[index] / scale / 60, counts[index + 1] / scale / 60)
            let most = Swift.max(from, to)
            while most > 0 {
                offset += random.exponential(mean: 1 / most)
                guard offset < 60 else { break }
                guard random.unit() * most < from + (to - from) * offset / 60 else { continue }
                let at = Double(index) * 60 + offset
                return at < trace.duration ? Trace.Request(at: at) : nil
            }
            index += 1
            offset = 0
        }
        return nil
    }
}
