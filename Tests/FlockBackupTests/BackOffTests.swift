import Testing

@testable import FlockBackup

@Suite struct BackOffTests {
    private let start = ContinuousClock.now

    @Test("5 s, then twice as long each time, 5 minutes at most")
    func doubles() {
        var backOff = BackOff()
        #expect(backOff.left(at: start) == nil)
        var lengths: [Duration] = []
        for _ in 0..<9 {
            backOff.failed(.exited(1), version: "1", at: start)
            lengths.append(backOff.left(at: start) ?? .zero)
        }
        #expect(lengths == [5, 10, 20, 40, 80, 160, 300, 300, 300].map { .seconds($0) })
    }

    @Test("it ends by itself, and the next failure still counts on")
    func ends() {
        var backOff = BackOff()
        backOff.failed(.exited(1), version: "1", at: start)
        #expect(backOff.left(at: start + .seconds(3)) == .seconds(2))
        #expect(backOff.left(at: start + .seconds(5)) == nil)
        backOff.failed(.outOfMemory, version: "1", at: start + .seconds(6))
        #expect(backOff.left(at: start + .seconds(6)) == .seconds(10))
        #expect(backOff.reason == .outOfMemory)
    }

    @Test("a success and another version begin anew; the same version and an unknown one do not")
    func resets() {
        var backOff = BackOff()
        backOff.failed(.exited(1), version: "1", at: start)
        backOff.saw("1")
        backOff.saw(nil)
        #expect(backOff.left(at: start) != nil)
        backOff.saw("2")
        #expect(backOff.left(at: start) == nil)
        backOff.failed(.exited(1), version: "2", at: start)
        backOff.failed(.exited(1), version: "3", at: start)
        #expect(backOff.left(at: start) == .seconds(5))
        backOff.succeeded()
        #expect(backOff == BackOff())
    }
}
