import Testing

@testable import Git

@Suite struct LinkMapTests {
    private func refusal(_ path: String, to target: String, with others: [String: String] = [:]) -> String? {
        var links = LinkMap()
        for (path, target) in others.merging([path: target], uniquingKeysWith: { $1 }) {
            links.add(Array(path.utf8), target: Array(target.utf8))
        }
        return links.refusal(of: Array(path.utf8))
    }

    @Test(arguments: [
        ("a", "b"), ("a/b", "../c"), ("a/b/c", "../../d/./e"), ("a", "."), ("a/b", ".."), ("a", "b//c/"),
        ("a", "b/../c"), ("a", "nothing/here"),
    ])
    func allowsWhatStaysInside(_ path: String, _ target: String) {
        #expect(refusal(path, to: target) == nil)
    }

    @Test(arguments: [
        ("a", ".."), ("a", "../b"), ("a/b", "../../c"), ("a", "b/../../c"), ("a", "/etc/passwd"), ("a", "/"),
        ("a", ""), ("a", "b\nc"), ("a", String(repeating: "b", count: 1025)), ("a", "a"),
        ("a", String(repeating: "b/", count: 300)),
    ])
    func refusesWhatDoesNot(_ path: String, _ target: String) {
        #expect(refusal(path, to: target) != nil)
    }

    @Test func followsLinksOnTheWay() {
        // Taken as text, deep/link/../outside is deep/outside; where it leads is above the top.
        #expect(refusal("b", to: "deep/link/../outside", with: ["deep/link": ".."]) != nil)
        #expect(refusal("b", to: "deep/link/../inside", with: ["deep/link": "er/folder"]) == nil)
        #expect(refusal("b", to: "c", with: ["c": "d", "d": "../e"]) != nil)
        #expect(refusal("b", to: "c", with: ["c": "d", "d": "e"]) == nil)
        #expect(refusal("b", to: "c", with: ["c": "b"]) != nil)
    }
}
