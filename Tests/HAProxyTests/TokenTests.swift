import HAProxy
import Testing

@Suite struct TokenTests {
    /// Each would end, split or reinterpret a command or a line of the configuration.
    static let hostile = [
        "", " ", "a b", "a\nb", "a\n", "\na", "a\r", "a\tb", "a;b", ";", "a\"b", "a'b", "a\\b", "a\0b", "\0", "a#b",
        "#1",
        "a<<", "a$b", "a`b", "a|b", "a{b}", "ä", "a\u{200B}b", "a\u{FF1B}b", "🐑", "a\u{7F}", "a\u{1B}[0m", "e\u{301}",
        "a%", "a%0", "a%zz",
    ]

    @Test(arguments: hostile) func hostileTextIsNoToken(_ text: String) {
        #expect(HAProxyName(text) == nil)
        #expect(HostToken(text) == nil)
        #expect(PathToken("/" + text) == nil || text.isEmpty)
        #expect(PathToken(text) == nil)
        #expect(MapToken(text) == nil)
        #expect(AddressToken(ip: text, port: 80) == nil)
        #expect(AddressToken(ip: "127.0.0.1" + text, port: 80) == nil || text.isEmpty)
        #expect(AddressToken("127.0.0.1:80" + text) == nil || text.isEmpty)
    }

    @Test func names() {
        #expect(HAProxyName("app:_group_shop-1.2")?.rawValue == "app:_group_shop-1.2")
        #expect(HAProxyName("app/s1") == nil)
        #expect(HAProxyName(String(repeating: "a", count: 255)) != nil)
        #expect(HAProxyName(String(repeating: "a", count: 256)) == nil)
    }

    @Test func hosts() {
        #expect(HostToken("shop.apps.localhost")?.description == "shop.apps.localhost")
        #expect(HostToken("a_b-c.1") != nil)
        for bad in ["Shop", "shop.", ".shop", "a..b", "a:80", "*.shop"] { #expect(HostToken(bad) == nil, "\(bad)") }
        #expect(HostToken(String(repeating: "a", count: 64)) == nil)
        let long = Array(repeating: String(repeating: "a", count: 49), count: 5).joined(separator: ".")
        #expect(HostToken(long + ".abc") != nil)
        #expect(HostToken(long + ".abcd") == nil)
    }

    @Test func paths() {
        for good in ["/", "/health", "/a/b.c-d_e~f", "/%20%C3%A4", "/x?y=1&z=(2)", "/run/haproxy/hosts.map"] {
            #expect(PathToken(good)?.rawValue == good)
        }
        for bad in ["health", "http://a/b", "/a#b", "/%", "/%2", "/a[1]"] { #expect(PathToken(bad) == nil, "\(bad)") }
        #expect(PathToken("/" + String(repeating: "a", count: 1024)) == nil)
    }

    @Test func addresses() {
        #expect(AddressToken(ip: "127.0.0.1", port: 80)?.description == "127.0.0.1:80")
        #expect(AddressToken(ip: "0:0:0:0:0:0:0:1", port: 65535)?.description == "[::1]:65535")
        #expect(AddressToken("[FE80::1]:8080")?.ip == "fe80::1")
        #expect(AddressToken("10.0.0.1:31000")?.port == 31000)
        #expect(AddressToken("10.0.0.1:31000")?.isIPv6 == false)
        for port in [0, -1, 65536, .max] { #expect(AddressToken(ip: "127.0.0.1", port: port) == nil) }
        for bad in [
            "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:+80", "127.0.0.1:080000", "::1:80", "[127.0.0.1]:80",
            "127.1:80", "256.0.0.1:80", "[fe80::1%lo]:80", "[::1]", "1.2.3.4:80:90",
        ] { #expect(AddressToken(bad) == nil, "\(bad)") }
    }

    @Test func mapTokens() {
        #expect(MapToken("/group/shop")?.rawValue == "/group/shop")
        #expect(MapToken(HostToken("a.b")!).rawValue == "a.b")
        #expect(MapToken(HAProxyName("app:_shop")!).rawValue == "app:_shop")
        #expect(MapToken(String(repeating: "a", count: 513)) == nil)
    }
}
