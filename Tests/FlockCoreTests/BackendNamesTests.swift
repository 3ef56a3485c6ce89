import Testing

@testable import FlockCore

@Suite struct BackendNamesTests {
    @Test(arguments: NamesFixture.shared.haproxy)
    func `ids have the names that are written down`(_ example: NamesFixture.Backends) {
        #expect(BackendNames.of(example.ids) == example.out)
    }

    @Test(arguments: NamesFixture.shared.haproxy)
    func `the order of the ids does not matter`(_ example: NamesFixture.Backends) {
        #expect(BackendNames.of(example.ids.reversed()) == BackendNames.of(example.ids))
    }
}
