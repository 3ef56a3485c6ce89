import Testing

@testable import FlockCore

@Suite struct RepositoryAddressTests {
    @Test(arguments: [
        "https://github.com/acme/shop", "https://github.com/acme/shop.git", "https://github.com/acme/shop/",
        "https://GitHub.com/acme/shop", "http://github.com/acme/shop", "https://github.com/acme/shop.git/",
        "git@github.com:acme/shop.git", "ssh://git@github.com/acme/shop.git", "ssh://git@GitHub.com:22/acme/shop",
    ])
    func `every spelling of an address is the same repository`(_ address: String) {
        #expect(RepositoryAddress(address).text == "https://github.com/acme/shop")
    }

    @Test(arguments: [
        "https://github.com/acme/Shop", "https://github.com/acme/shop2", "https://evil.com/acme/shop",
        "https://github.com.evil.com/acme/shop", "https://user@github.com/acme/shop",
    ])
    func `another repository is another address`(_ address: String) {
        #expect(RepositoryAddress(address).text != "https://github.com/acme/shop")
    }

    @Test(arguments: [
        ("/srv/git/shop.git", "/srv/git/shop.git"), ("file:///srv/git/shop.git/", "/srv/git/shop.git"),
        ("/srv/x/../git/shop.git", "/srv/git/shop.git"),
    ])
    func `a path is its own address`(_ address: String, _ text: String) {
        #expect(RepositoryAddress(address).text == text)
    }

    @Test func `programs of a repository are told apart by their folders`() {
        let address = RepositoryAddress("git@github.com:acme/mono.git")
        #expect(address.program(in: "") == "https://github.com/acme/mono")
        #expect(address.program(in: "apps/web") == "https://github.com/acme/mono#apps/web")
    }
}
