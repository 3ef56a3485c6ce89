import Foundation
import Testing

@testable import FlockHook

@Suite struct RepositoryDirectoryTests {
    @Test(arguments: [
        "https://github.com/acme/shop", "https://github.com/acme/shop.git", "https://github.com/acme/shop/",
        "https://GitHub.com/acme/shop", "http://github.com/acme/shop", "https://github.com/acme/shop.git/",
        "git@github.com:acme/shop.git", "ssh://git@github.com/acme/shop.git", "ssh://git@GitHub.com:22/acme/shop",
    ])
    func `every spelling of an address is the same repository`(_ address: String) {
        #expect(RepositoryDirectory.key(address) == "https://github.com/acme/shop")
    }

    @Test(arguments: [
        "https://github.com/acme/Shop", "https://github.com/acme/shop2", "https://evil.com/acme/shop",
        "https://github.com.evil.com/acme/shop", "https://user@github.com/acme/shop",
    ])
    func `another repository is another key`(_ address: String) {
        #expect(RepositoryDirectory.key(address) != "https://github.com/acme/shop")
    }

    @Test(arguments: [
        ("/srv/git/shop.git", "/srv/git/shop.git"), ("file:///srv/git/shop.git/", "/srv/git/shop.git"),
        ("/srv/x/../git/shop.git", "/srv/git/shop.git"),
    ])
    func `a path is its own key`(_ address: String, _ key: String) {
        #expect(RepositoryDirectory.key(address) == key)
    }

    @Test func `a secret is read without the line's end, and a missing one is empty`() throws {
        let file = Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: file) }
        var repository = Fixtures.repository([:])
        repository.secretFiles = [file]
        #expect(repository.secrets == [[]])
        try "s3cret\n".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(repository.secrets == [Array("s3cret".utf8)])
    }
}
