import FlockCore
import Foundation
import Testing

@testable import FlockHook

@Suite struct ReleaseChoiceTests {
    /// v4 is a rollback to v2; v3 was never live.
    private func choice(current: Int? = 5) throws -> ReleaseChoice {
        func release(_ number: Int, _ deploy: Int64, _ version: String) -> Release {
            Release(
                slug: "shop", number: number, appID: "/shop-\(version)", deploy: deploy, version: version,
                cause: .deploy,
                at: Date(timeIntervalSince1970: 0))
        }
        return ReleaseChoice(
            slug: try #require(Slug("shop")),
            history: [
                release(5, 50, "2.0.0"), release(4, 20, "1.1.0"), release(2, 20, "1.1.0"), release(1, 10, "1.0.0"),
            ], current: current)
    }

    @Test func `without a number it is the one before`() throws {
        #expect(try choice().rollback(to: nil).number == 4)
    }

    @Test func `the one before has other code`() throws {
        #expect(try choice(current: 4).rollback(to: nil).number == 1)
    }

    @Test(arguments: [1, 2, 4])
    func `any earlier one can be chosen`(_ number: Int) throws {
        #expect(try choice().rollback(to: number).number == number)
    }

    @Test(arguments: [0, 3, 6, -1])
    func `an unknown one is refused, with those that there are`(_ number: Int) throws {
        let error = #expect(throws: ReleaseRefusal.self) { try choice().rollback(to: number) }
        #expect(error?.code == .releaseUnknown)
        #expect(error?.message == "shop has no release v\(number); there are: v5, v4, v2, v1")
    }

    @Test func `the present one is refused, and so is another of the same code`() throws {
        for number in [2, 4] {
            let error = #expect(throws: ReleaseRefusal.self) { try choice(current: 4).rollback(to: number) }
            #expect(error?.code == .releaseCurrent)
        }
    }

    @Test func `the first one has none before`() throws {
        let error = #expect(throws: ReleaseRefusal.self) { try choice(current: 1).rollback(to: nil) }
        #expect(error?.code == .releaseUnknown)
        let none = ReleaseChoice(slug: try #require(Slug("shop")), history: [], current: nil)
        #expect(throws: ReleaseRefusal.self) { try none.rollback(to: nil) }
    }

    @Test func `a version is its newest release`() throws {
        #expect(try choice().release(of: AppVersion("1.1.0")).number == 4)
        let error = #expect(throws: ReleaseRefusal.self) { try choice().release(of: try AppVersion("3.0.0")) }
        #expect(error?.code == .versionUnknown)
        #expect(error?.message.contains("released were: 1.0.0, 1.1.0, 2.0.0") == true)
    }
}
