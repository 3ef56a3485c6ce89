import Testing

@testable import FlockCore

@Suite struct BranchSlugTests {
    @Test(arguments: NamesFixture.shared.branch)
    func `branches have the spellings that are written down`(_ example: NamesFixture.Case) throws {
        let slug = BranchSlug(branch: try #require(example.text))
        #expect(example.output == .string(slug.text))
        #expect((1...24).contains(slug.text.count))
    }
}
