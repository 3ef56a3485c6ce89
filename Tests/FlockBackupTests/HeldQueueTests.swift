import Testing

@testable import FlockBackup

@Suite struct HeldQueueTests {
    @Test("first come, first served; who left is passed over")
    func order() {
        var queue = HeldQueue()
        for request in 1...6 { queue.join(request) }
        let left = [1, 4, 4, 9].map { queue.leave($0) }
        #expect(left == [true, true, false, false])
        #expect(queue.count == 4)
        #expect(queue.next() == 2)
        queue.join(7)
        #expect([queue.next(), queue.next(), queue.next(), queue.next(), queue.next()] == [3, 5, 6, 7, nil])
        #expect(queue.isEmpty)
        queue.join(8)
        #expect(queue.next() == 8)
    }

    @Test("a queue that thousands join and leave keeps the order of those that stay")
    func manyLeave() {
        var queue = HeldQueue()
        var stayed: [Int] = []
        for request in 1...10_000 {
            queue.join(request)
            if request.isMultiple(of: 100) { stayed.append(request) } else { queue.leave(request) }
        }
        var served: [Int] = []
        while let request = queue.next() { served.append(request) }
        #expect(served == stayed)
    }
}
