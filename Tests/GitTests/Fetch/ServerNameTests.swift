import Testing

@testable import Git

@Suite struct ServerNameTests {
    @Test(arguments: [
        ("github.com", "github.com"), ("github.com", "GitHub.com"), ("api.github.com", "*.github.com"),
        ("localhost", "localhost"), ("github.com.", "github.com"),
    ])
    func isNamed(_ host: String, _ name: String) {
        #expect(ServerName(host).isNamed(by: name))
    }

    @Test(arguments: [
        ("github.com", "*.github.com"), ("a.b.github.com", "*.github.com"), ("github.com", "*.com"),
        ("github.com", "*"), ("localhost", "*"), ("github.com", "git*.com"), ("github.com", ""),
        ("github.com", "github.com.evil.org"), ("github.com", ".github.com"), ("github.com", "github.com."),
    ])
    func isNotNamed(_ host: String, _ name: String) {
        #expect(!ServerName(host).isNamed(by: name))
    }
}
