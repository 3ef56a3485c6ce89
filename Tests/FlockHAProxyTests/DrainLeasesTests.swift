import FlockCore
import Testing

@testable import FlockHAProxy

@Suite struct DrainLeasesTests {
    private let start = ContinuousClock.now

    private func holder(_ name: String) throws -> Lease.Holder { try #require(Lease.Holder(name)) }

    private func lease(_ name: String, _ seconds: Int) throws -> Lease {
        Lease(holder: try holder(name), until: start + .seconds(seconds))
    }

    @Test func `only the tasks that are named are concerned, until it ends by itself`() throws {
        var drains = DrainLeases()
        #expect(drains.drain("/a", tasks: ["one"], try lease("x", 5), at: start))
        #expect(
            drains.contains("one", of: "/a") && !drains.contains("two", of: "/a") && !drains.contains("one", of: "/b"))
        drains.expire(at: start + .seconds(4))
        #expect(drains.contains("one", of: "/a"))
        drains.expire(at: start + .seconds(5))
        #expect(!drains.contains("one", of: "/a"))
    }

    @Test func `it goes on for as long as it is renewed, and cannot be renewed once it has ended`() throws {
        var drains = DrainLeases()
        #expect(!drains.renew("/a", try lease("x", 5), at: start))
        #expect(drains.drain("/a", tasks: ["one"], try lease("x", 5), at: start))
        #expect(drains.renew("/a", try lease("x", 9), at: start + .seconds(4)))
        #expect(drains.isDrained("/a", by: try holder("x"), at: start + .seconds(8)))
        #expect(!drains.renew("/a", try lease("x", 20), at: start + .seconds(9)))
    }

    @Test func `another holder neither takes, renews nor releases it`() throws {
        var drains = DrainLeases()
        #expect(drains.drain("/a", tasks: ["one"], try lease("x", 5), at: start))
        #expect(!drains.drain("/a", tasks: ["one"], try lease("y", 5), at: start))
        #expect(!drains.renew("/a", try lease("y", 5), at: start))
        #expect(!drains.release("/a", by: try holder("y")))
        #expect(!drains.isDrained("/a", by: try holder("y"), at: start))
        #expect(drains.release("/a", by: try holder("x")))
        #expect(drains.drain("/a", tasks: ["one"], try lease("y", 5), at: start))
    }
}
