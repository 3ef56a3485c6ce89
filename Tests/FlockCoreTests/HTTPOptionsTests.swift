import Testing

@testable import FlockCore

@Suite struct HTTPOptionsTests {
    @Test(arguments: [
        "10.0.0.0/8", "192.0.2.7", "0.0.0.0/0", "255.255.255.255/32", "::", "::1/128", "2001:db8::/32", "fe80::1:2",
        "1:2:3:4:5:6:7:8",
    ])
    func `a network is taken`(_ text: String) { #expect(IPNetwork(text)?.description == text) }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0/8", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "010.0.0.1", "256.0.0.1",
        "10.0.0.0/8/8",
        "::1/129", ":1", "1::2::3", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "12345::", "::g", "::1%eth0",
        "::ffff:1.2.3.4",
        "10.0.0.1\n", "10.0.0.0/8 }", "localhost", "１.0.0.0",
    ])
    func `anything else is no network`(_ text: String) { #expect(IPNetwork(text) == nil) }

    @Test(arguments: ["$5$salt$hash", "$6$rounds=1000$a.b/c$xyz", "$2b$10$abcdef", "$y$j9T$abc$def"])
    func `a hash is taken`(_ text: String) { #expect(PasswordHash(text)?.text == text) }

    @Test(arguments: [
        "", "secret", "$5$", "$5$a", "$5$$b", "$9$a$b", "5$a$b", "$5$a$b'", "$5$a$b c", "$5$a$b\n", "$5$a$\u{e9}",
        "$5$a$" + String(repeating: "x", count: 300), "$6$rounds=10001$a$b", "$2b$11$abc", "$y$jD5$a$b", "$7$a$b",
    ])
    func `anything else is no hash`(_ text: String) { #expect(PasswordHash(text) == nil) }

    @Test(arguments: [
        "", "{", "[]", #"{"users":{"a b":"$5$a$b"}}"#, #"{"users":{"a":"x"}}"#, #"{"allow":["x"]}"#,
        #"{"rate":{"requests":0,"per":"1s"}}"#, #"{"rate":{"requests":1,"per":"1d"}}"#, #"{"timeout":"0s"}"#,
        #"{"sticky":"yes"}"#, #"{"alow":["10.0.0.0/8"]}"#,
    ])
    func `a label with a fault anywhere is not understood at all`(_ label: String) {
        #expect(HTTPOptions(label: label) == nil)
    }

    @Test(
        arguments: [
            ("example.org", "example.org", nil), ("Example.org/Shop", "example.org", "/Shop"), ("a.b/", "a.b", nil),
            ("a.b/x/y.z/~u_-", "a.b", "/x/y.z/~u_-"),
        ] as [(String, String, String?)])
    func `a host may have a path`(_ text: String, _ host: String, _ path: String?) {
        let route = HostRoute(text)
        #expect(route?.host.text == host && route?.path == path)
    }

    @Test(arguments: [
        "", "/shop", "a.b//x", "a.b/x/", "a.b/.", "a.b/x/..", "a.b/x y", "a.b/%41", "a.b/x;y", "a.b/x\ny", "a b/x",
        "a.b/" + String(repeating: "x", count: 200),
    ])
    func `anything else is no host with a path`(_ text: String) { #expect(HostRoute(text) == nil) }
}
