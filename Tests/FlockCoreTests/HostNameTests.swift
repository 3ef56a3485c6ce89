import Testing

@testable import FlockCore

@Suite struct HostNameTests {
    @Test(arguments: [
        ("shop.example.org", "shop.example.org"), ("Shop.Example.ORG", "shop.example.org"), ("a_b.c", "a_b.c"),
        ("localhost", "localhost"),
        (String(repeating: "a", count: 63) + ".b", String(repeating: "a", count: 63) + ".b"),
    ])
    func `a host name is kept in lower case`(_ text: String, _ expected: String) {
        #expect(HostName(text)?.text == expected)
    }

    @Test(arguments: [
        "", ".", "a..b", ".a", "a.", "a b", "a;b", "a\nb", "a:80", "a/b", "bücher.de", "*.example.org", "a#b", "{a}",
        String(repeating: "a", count: 64), Array(repeating: "abc", count: 64).joined(separator: "."),
    ])
    func `what could end a line or a label is no host name`(_ text: String) {
        #expect(HostName(text) == nil)
    }
}
