import FlockCore
import Testing

@Suite struct IgnorePatternTests {
    @Test(arguments: ["*uptime*", "kube-probe/1.29", "Blackbox Exporter*", "Mozilla/5.0 (compatible) +x:y_z-1"])
    func userAgents(_ text: String) {
        #expect(UserAgentPattern(text)?.text == text)
    }

    @Test(arguments: ["/robots.txt", "/status/*", "*.php", "/a%20b", "/~me/@x:1,2=3+4"])
    func paths(_ text: String) {
        #expect(PathPattern(text)?.text == text)
    }

    @Test(
        "what could end a word, a line or a string of HAProxy's configuration, and what fits everything",
        arguments: [
            "", "*", "**", "a\nb", "a\rb", "a\0b", "a'b", "a\"b", "a\\b", "a#b", "a$b", "a{b", "a|b", "a?b", "a[b", "ä",
            "a\tb", String(repeating: "a", count: 257),
        ])
    func refused(_ text: String) {
        #expect(UserAgentPattern(text) == nil)
        #expect(PathPattern(text) == nil && PathPattern("/" + text) == nil)
    }

    @Test(arguments: ["robots.txt", "/", "/*", "/a b", "/%", "/%2", "/%zz", "/a;b"])
    func noPaths(_ text: String) {
        #expect(PathPattern(text) == nil)
    }

    @Test(arguments: [" a", "a ", "a;b", "a,b", "a=b"])
    func noUserAgents(_ text: String) {
        #expect(UserAgentPattern(text) == nil)
    }
}
