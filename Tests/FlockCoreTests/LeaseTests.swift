import Testing

@testable import FlockCore

@Suite struct LeaseTests {
    private let start = ContinuousClock.now

    private func lease(_ holder: String, _ seconds: Int) throws -> Lease {
        Lease(holder: try #require(Lease.Holder(holder)), until: start + .seconds(seconds))
    }

    @Test func `another holder waits until it ends`() throws {
        let (first, second) = (try lease("a", 5), try lease("b", 5))
        #expect(first.mayReplace(nil, at: start) && first.mayReplace(first, at: start))
        #expect(!second.mayReplace(first, at: start))
        #expect(!second.mayReplace(first, at: start + .milliseconds(4999)))
        #expect(second.mayReplace(first, at: start + .seconds(5)))
    }

    @Test(arguments: ["", "a b", "a;b", "ä", "a\n", String(repeating: "a", count: 65)])
    func `a holder is a token`(_ text: String) {
        #expect(Lease.Holder(text) == nil)
    }

    @Test func `a request says app, holder and length, within limits`() throws {
        func request(_ values: [String: String]) throws -> LeaseRequest { try LeaseRequest { values[$0] } }
        let asked = try request(["app": "/shop-1.0.1", "holder": "7F-a"])
        #expect(asked.app == "/shop-1.0.1" && asked.holder.description == "7F-a" && asked.length == .seconds(5))
        #expect(try request(["app": "/a", "holder": "x", "seconds": "9999"]).length == .seconds(600))
        #expect(try request(["app": "/a", "holder": "x", "seconds": "-1"]).length == .seconds(1))
        for wrong in [["app": "/a"], ["holder": "x"], ["app": "a", "holder": "x"], ["app": "/a b", "holder": "x"]] {
            #expect(throws: LeaseRequest.Invalid.self) { try request(wrong) }
        }
    }
}
