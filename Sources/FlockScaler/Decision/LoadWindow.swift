/// The looks at one app's load within the window, newest last. Times are seconds of a clock that never goes back.
struct LoadWindow: Sendable {
    struct Look: Sendable {
        var at: Double
        /// Since the look before: what arrived came in these.
        var seconds: Double
        /// What the number in flight stands for: less, after a time without looks.
        var weight: Double
        var inFlight: Double
        var arrivals: Double
        /// Seconds of work that arrived.
        var work: Double
    }

    /// What an app was given, averaged.
    struct Load: Sendable, Hashable {
        /// Requests at once.
        var concurrency = 0.0
        /// Requests a second.
        var rate = 0.0
    }

    private var looks: [Look] = []
    /// Those before have left the window; they are cleared out together.
    private var first = 0

    mutating func add(_ look: Look, within length: Double) {
        while first < looks.count, look.at - looks[first].at >= length { first += 1 }
        if first * 2 > looks.count {
            looks.removeFirst(first)
            first = 0
        }
        looks.append(look)
    }

    mutating func removeAll() { (looks, first) = ([], 0) }

    /// Averaged over what of the time is known; of the newest look alone for a length of 0.
    ///
    /// Requests in flight are counted at each look, and those between looks are not; what arrived and how long it took
    /// tells of all, but late of long ones. Each alone says too little, so the larger holds.
    func load(within length: Double) -> Load {
        guard let newest = looks.last else { return Load() }
        var (seconds, weight, inFlight, arrivals, work) = (0.0, 0.0, 0.0, 0.0, 0.0)
        var index = looks.count - 1
        repeat {
            let look = looks[index]
            seconds += look.seconds
            weight += look.weight
            inFlight += look.inFlight * look.weight
            arrivals += look.arrivals
            work += look.work
            index -= 1
        } while index >= first && newest.at - looks[index].at < length
        return Load(concurrency: max(inFlight / weight, work / seconds), rate: arrivals / seconds)
    }
}
