import Testing

@testable import Git

@Suite struct PathGlobTests {
    private func matches(_ pattern: String, _ path: String) -> Bool? {
        PathGlob(pattern)?.matches(Array(path.utf8))
    }

    @Test(arguments: [
        ("package.json", "package.json"), ("*.js", "a.js"), ("*", "a"), ("apps/*/index.js", "apps/shop/index.js"),
        ("apps/shop/**", "apps/shop/a"), ("apps/shop/**", "apps/shop/a/b"), ("apps/shop/", "apps/shop/a/b"),
        ("**/package.json", "package.json"), ("**/package.json", "a/b/package.json"), ("**.js", "a/b.js"),
        ("a/**/b", "a/b"), ("a/**/b", "a/x/y/b"), ("?.js", "a.js"), ("**", "a/b"), ("a*b*c", "axxbyyc"),
        ("**/**/x", "x"),
    ])
    func fits(_ pattern: String, _ path: String) {
        #expect(matches(pattern, path) == true)
    }

    @Test(arguments: [
        ("package.json", "a/package.json"), ("*.js", "a/b.js"), ("*", "a/b"), ("apps/shop/**", "apps/shopping/a"),
        ("apps/shop", "apps/shop/a"), ("?.js", "/.js"), ("?.js", "ab.js"), ("a*b*c", "axxbyy"), ("a/**/b", "ab"),
        ("**/x", "yx"), ("a[b]", "ab"),
    ])
    func doesNotFit(_ pattern: String, _ path: String) {
        #expect(matches(pattern, path) == false)
    }

    @Test(arguments: ["", "/", "/a", String(repeating: "a", count: 1025)])
    func isNoPattern(_ pattern: String) {
        #expect(PathGlob(pattern) == nil)
    }

    /// Where each star is tried anew, this takes longer than the universe has.
    @Test func takesNoLongerForManyStars() {
        let pattern = String(repeating: "*a", count: 100)
        #expect(matches(pattern, String(repeating: "a", count: 1000) + "b") == false)
        #expect(matches(pattern, String(repeating: "a", count: 1000)) == true)
    }
}
