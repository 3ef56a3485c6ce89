import Testing

@testable import FlockCore

@Suite struct SlugTests {
    @Test(arguments: NamesFixture.shared.slug.filter { $0.text != nil })
    func `names become the slugs that are written down`(_ example: NamesFixture.Case) throws {
        let name = try #require(example.text)
        if let code = example.errorCode {
            let error = #expect(throws: NameError.self) { try Slug(packageName: name) }
            #expect(error?.code.rawValue == code)
        } else {
            #expect(try example.output == .string(Slug(packageName: name).text))
        }
    }

    @Test(arguments: NamesFixture.shared.slug.filter { $0.errorCode == nil })
    func `a slug can be read back from a label`(_ example: NamesFixture.Case) throws {
        let slug = try Slug(packageName: try #require(example.text))
        #expect(Slug(slug.text) == slug)
        #expect(slug.text.count <= 40)
        #expect(HostName("\(slug).example.org") != nil)
    }

    @Test(arguments: ["", "-a", "a-", "a--b", "A", "a_b", "a.b", "a;b", "a\n", String(repeating: "a", count: 41)])
    func `a text that no name leads to is no slug`(_ text: String) {
        #expect(Slug(text) == nil)
    }
}
