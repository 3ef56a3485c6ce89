/// The mean number of requests under way in each second, were there always room for all: what an oracle knows.
struct ConcurrencyMeter: Sendable {
    /// Request-seconds in each second from `first` on, as a ring.
    private var ring = [Double](repeating: 0, count: 1024)
    private var first = 0
    private let perInstance: Double
    private let seconds: Int

    /// Instances, summed over the seconds.
    private(set) var instanceSeconds = 0.0
    private(set) var peak = 0

    /// - Parameters:
    ///   - perInstance: requests at once that are aimed at for each instance.
    ///   - seconds: how long it is measured.
    init(perInstance: Double, seconds: Int) {
        self.perInstance = perInstance
        self.seconds = seconds
    }

    /// In the order in which they begin.
    mutating func add(from begin: Double, to end: Double) {
        pass(Int(begin))
        while Int(end) - first >= ring.count { grow() }
        var from = begin
        while from < end {
            let second = Int(from)
            let to = min(end, Double(second + 1))
            ring[second % ring.count] += to - from
            from = to
        }
    }

    mutating func finish() { pass(max(seconds, first)) }

    private mutating func pass(_ second: Int) {
        // Seconds without any are not looked at one by one: a sleeping app has a month of them.
        let last = min(second, first + ring.count)
        while first < last {
            let place = first % ring.count
            if first < seconds, ring[place] > 0 {
                let instances = (ring[place] / perInstance).rounded(.up)
                instanceSeconds += instances
                peak = max(peak, Int(instances))
            }
            ring[place] = 0
            first += 1
        }
        first = max(first, second)
    }

    private mutating func grow() {
        var larger = [Double](repeating: 0, count: ring.count * 2)
        for second in first..<(first + ring.count) { larger[second % larger.count] = ring[second % ring.count] }
        ring = larger
    }
}
