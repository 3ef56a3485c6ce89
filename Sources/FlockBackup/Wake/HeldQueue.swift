/// The requests of one app that wait, in the order in which they came.
struct HeldQueue: Sendable {
    /// Numbers of requests, those that left included until they are cleared out.
    private var order: [Int] = []
    private var first = 0
    private var present: Set<Int> = []

    var count: Int { present.count }
    var isEmpty: Bool { present.isEmpty }

    mutating func join(_ request: Int) {
        // Those that left make room before the list doubles for them.
        if order.count - first > 2 * present.count + 32 {
            order = order[first...].filter(present.contains)
            first = 0
        }
        order.append(request)
        present.insert(request)
    }

    /// - Returns: whether it was there.
    @discardableResult
    mutating func leave(_ request: Int) -> Bool { present.remove(request) != nil }

    mutating func next() -> Int? {
        while first < order.count {
            let request = order[first]
            first += 1
            if present.remove(request) != nil { return request }
        }
        order = []
        first = 0
        return nil
    }
}
