import Testing

@testable import FlockEngine

struct AllotmentTests {
    @Test(arguments: 1...20)
    func `what is given never adds up to more than there is`(_ seed: UInt64) {
        var random = Steps(state: seed)
        let total = Resources(cpus: 2, mem: 512, disk: 100, ports: [31000...31009, 31020...31024])
        var allotment = Allotment(total: total)
        var held: [String: Resources] = [:]
        for step in 0..<400 {
            let now = Duration.seconds(step)
            if Bool.random(using: &random), let ended = held.keys.sorted().randomElement(using: &random) {
                allotment.release(ended)
                held[ended] = nil
            } else {
                let ports = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    Int.random(in: 30998...31026, using: &random)
                }
                let wanted = Resources(
                    cpus: Double.random(in: 0...0.7, using: &random), mem: Double.random(in: 0...150, using: &random),
                    disk: Double.random(in: 0...30, using: &random), ports: ports.map { $0...$0 })
                if allotment.take(wanted, for: "\(step)", at: now) == nil { held["\(step)"] = wanted }
            }
            if step % 50 == 0 { allotment.avoid(31003, at: now) }
            let sum = held.values
            let free = allotment.free(at: now)
            #expect(abs(sum.map(\.cpus).reduce(0, +) + free.cpus - total.cpus) < 1e-6)
            #expect(abs(sum.map(\.mem).reduce(0, +) + free.mem - total.mem) < 1e-6)
            #expect(abs(sum.map(\.disk).reduce(0, +) + free.disk - total.disk) < 1e-6)
            let given = sum.flatMap { $0.ports.flatMap(Array.init) }
            let left = free.ports.flatMap(Array.init)
            #expect(Set(given).count == given.count && Set(given).isDisjoint(with: left))
            #expect(Set(given + left).union([31003]) == Set(total.ports.flatMap(Array.init)))
            #expect(!left.contains(31003))
        }
    }

    @Test func `a stranger's port comes back`() {
        var allotment = Allotment(total: Resources(ports: [31000...31001]))
        allotment.avoid(31000, at: .seconds(5))
        #expect(allotment.free(at: .seconds(64)).ports == [31001...31001])
        #expect(allotment.free(at: .seconds(65)).ports == [31000...31001])
    }

    /// The same steps for the same seed.
    private struct Steps: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ (state >> 29)
        }
    }
}
