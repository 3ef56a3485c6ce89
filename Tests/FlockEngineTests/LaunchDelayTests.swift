import Testing

@testable import FlockEngine

@Suite struct LaunchDelayTests {
    private func fail(_ delay: inout LaunchDelay, at seconds: Int) {
        delay.failed(at: .seconds(seconds), first: .seconds(1), factor: 2, most: .seconds(10))
    }

    @Test func `each failure waits longer, up to the most`() {
        var delay = LaunchDelay()
        var delays: [Duration] = []
        for second in 0..<6 {
            fail(&delay, at: second)
            delays.append(delay.delay)
            #expect(delay.until == .seconds(second) + delay.delay)
        }
        #expect(delays == [1, 2, 4, 8, 10, 10].map { .seconds($0) })
    }

    @Test func `an app that was well for long enough begins anew`() {
        var delay = LaunchDelay()
        fail(&delay, at: 0)
        fail(&delay, at: 1)
        fail(&delay, at: 14)
        #expect(delay.delay == .seconds(1))
    }
}
