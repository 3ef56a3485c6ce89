import Testing

@testable import Git

@Suite struct RemoteURLTests {
    @Test(arguments: [
        ("https://github.com/acme/shop", "https://github.com/acme/shop"),
        ("HTTPS://GitHub.com/acme/Shop.git/", "https://github.com/acme/Shop.git"),
        ("https://git.example.org:8443/a%20b", "https://git.example.org:8443/a%20b"),
        ("https://example.org:443/shop", "https://example.org/shop"),
        ("http://[::1]:8080/shop", "http://[::1]:8080/shop"),
        ("ssh://git@github.com/acme/shop.git", "ssh://git@github.com/acme/shop.git"),
        ("ssh://github.com:2222/acme/shop", "ssh://git@github.com:2222/acme/shop"),
        ("git@github.com:acme/shop.git", "ssh://git@github.com/acme/shop.git"),
    ])
    func isReadAndShown(_ text: String, _ shown: String) throws {
        #expect(try RemoteURL(text).description == shown)
    }

    @Test func namesThePathAsSSHHasIt() throws {
        #expect(try RemoteURL("ssh://git@example.org/srv/shop.git").path == "/srv/shop.git")
        #expect(try RemoteURL("ssh://git@example.org/~ada/shop.git").path == "~ada/shop.git")
        #expect(try RemoteURL("git@example.org:shop.git").path == "shop.git")
        #expect(try RemoteURL("git@example.org:/srv/shop.git").path == "/srv/shop.git")
    }

    @Test(arguments: [
        "file:///srv/shop.git", "/srv/shop.git", "../shop.git", "git://example.org/shop", "ext::sh -c id", "https://",
        "https://exa mple.org/x", "https://example.org/\nx", "", "https://example.org", "https://example.org/",
        "https://example.org/x?y", "https://example.org/x#y", "https://me:s3cret@example.org/x",
        "https://s3cret@example.org/x", "ssh://me:s3cret@example.org/x", "ssh://-oProxyCommand=id/x",
        "ssh://-x@example.org/x", "-oProxyCommand=id@example.org:x", "git@-oProxyCommand=id:x", "git@example.org:-x",
        "ssh://git@example.org/", "https://example.org:0/x", "https://example.org:99999/x",
        "https://еxample.org/x", "ftp://example.org/x", "git@example.org:", "ssh://a b@example.org/x",
    ])
    func refuses(_ text: String) async {
        let error = await expectError(.unsafeURL) { try RemoteURL(text) }
        #expect(error?.description.contains("s3cret") == false)
    }
}
