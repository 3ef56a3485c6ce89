/// The instances of one app and what they serve: each takes `slots` requests at once, the others queue and go in the
/// order they came. What an instance that is taken away has begun, it finishes.
struct InstancePool {
    private struct Running: Sendable {
        var end: Double
        var request: Request
    }

    struct Request: Sendable {
        var arrived: Double
        var service: Double
        /// Whether it keeps its app awake.
        var isUse = true
    }

    private let slots: Int
    private(set) var instances: Int
    private(set) var ready: Int
    /// When those that start are ready, soonest first.
    private var starting: [Double] = []
    /// A heap, the one that ends first on top.
    private var running: [Running] = []
    private var queue: [Request] = []
    private var head = 0

    /// As HAProxy does: of the last 1024 requests, queueing included.
    private var totals = RollingMean(length: 1024)
    private(set) var waits = WaitHistogram()
    /// Called for each request that is served, with its wait and when it began.
    private let served: ((Double, Double) -> Void)?

    init(slots: Int, instances: Int, served: ((Double, Double) -> Void)? = nil) {
        self.slots = slots
        self.served = served
        self.instances = instances
        ready = instances
    }

    var inFlight: Int { running.count + queue.count - head }
    /// Those that keep the app awake.
    private(set) var inUse = 0
    var meanTotal: Double { totals.mean }
    /// When something happens by itself.
    var next: Double { min(running.first?.end ?? .infinity, starting.first ?? .infinity) }

    mutating func arrive(_ request: Request) {
        if request.isUse { inUse += 1 }
        if head == queue.count, running.count < ready * slots {
            begin(request, at: request.arrived)
        } else {
            queue.append(request)
        }
    }

    /// What ``next`` said.
    mutating func advance(to now: Double) {
        if running.first?.end == now {
            let request = pop().request
            if request.isUse { inUse -= 1 }
            totals.add(now - request.arrived)
        } else if starting.first == now {
            starting.removeFirst()
            ready += 1
        }
        serveQueue(at: now)
    }

    mutating func scale(to count: Int, at now: Double, start: Double) {
        while instances < count {
            instances += 1
            starting.append(now + start)
        }
        while instances > count {
            instances -= 1
            if starting.popLast() == nil { ready -= 1 }
        }
    }

    private mutating func serveQueue(at now: Double) {
        while head < queue.count, running.count < ready * slots {
            begin(queue[head], at: now)
            head += 1
        }
        if head == queue.count {
            queue.removeAll(keepingCapacity: true)
            head = 0
        }
    }

    private mutating func begin(_ request: Request, at now: Double) {
        waits.add(now - request.arrived)
        served?(now - request.arrived, now)
        push(Running(end: now + request.service, request: request))
    }

    private mutating func push(_ new: Running) {
        var index = running.count
        running.append(new)
        while index > 0 {
            let parent = (index - 1) / 2
            guard running[parent].end > new.end else { break }
            running[index] = running[parent]
            index = parent
        }
        running[index] = new
    }

    private mutating func pop() -> Running {
        let first = running[0]
        let last = running.removeLast()
        guard !running.isEmpty else { return first }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < running.count else { break }
            if child + 1 < running.count, running[child + 1].end < running[child].end { child += 1 }
            guard running[child].end < last.end else { break }
            running[index] = running[child]
            index = child
        }
        running[index] = last
        return first
    }
}

/// The mean of the last few numbers.
private struct RollingMean: Sendable {
    private var numbers: [Double] = []
    private var index = 0
    private var sum = 0.0
    private let length: Int

    init(length: Int) {
        self.length = length
    }

    var mean: Double { numbers.isEmpty ? 0 : sum / Double(numbers.count) }

    mutating func add(_ number: Double) {
        if numbers.count < length {
            numbers.append(number)
            sum += number
        } else {
            sum += number - numbers[index]
            numbers[index] = number
            index = (index + 1) % length
        }
    }
}
