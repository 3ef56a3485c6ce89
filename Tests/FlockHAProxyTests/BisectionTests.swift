import Testing

@testable import FlockHAProxy

@Suite struct BisectionTests {
    @Test(arguments: [[], [0], [999], [500], [3, 4], [0, 333, 666, 999]])
    func `the bad ones among a thousand are found, and only they`(_ bad: [Int]) async {
        var trials = 0
        let found = await Bisection.culprits(among: Array(0..<1000)) { kept in
            trials += 1
            return !kept.contains { bad.contains($0) }
        }
        #expect(found.sorted() == bad)
        #expect(trials <= 1 + bad.count * 20)
    }

    @Test func `of two that are at odds with each other one goes`() async {
        let found = await Bisection.culprits(among: Array(0..<64)) { !($0.contains(7) && $0.contains(40)) }
        #expect(found == [40])
    }

    @Test func `all may be bad, or none there at all`() async {
        #expect(await Bisection.culprits(among: [1, 2, 3]) { $0.isEmpty }.sorted() == [1, 2, 3])
        #expect(await Bisection.culprits(among: [Int]()) { _ in true }.isEmpty)
    }
}
