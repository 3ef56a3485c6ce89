import FlockCore
import Foundation
import Git
import Testing

@testable import FlockHook

@Suite struct RepositoryAccessTests {
    @Test func `a token is read each time, and a missing one ends the deploy`() throws {
        let file = Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: file) }
        let json = """
            {"url": "https://github.com/acme/shop", "secret": {"file": ""}, "token": {"file": "\(file)"},
             "allow": ["privateAddresses"], "branches": {}}
            """
        let settings = try JSONDecoder().decode(Settings.Repository.self, from: Data(json.utf8))
        let authority = try JSONDecoder().decode(Settings.SecretFile.self, from: Data(#"{"file": ""}"#.utf8))
        let access = RepositoryAccess(settings, authority: authority)
        let failure = #expect(throws: DeployFailure.self) { try access.remote(at: settings.url) }
        #expect(failure?.code == "token_unreadable")
        for token in ["one", "two"] {
            try "\(token)\n".write(toFile: file, atomically: true, encoding: .utf8)
            let remote = try access.remote(at: settings.url)
            #expect(remote.token == token)
            #expect(remote.allowsPrivateAddresses && !remote.allowsHTTP && remote.authorities == nil)
        }
    }

    @Test func `a key, host keys and an authority come from the settings`() throws {
        let json = """
            {"url": "git@github.com:acme/shop.git", "secret": {"file": ""}, "key": {"file": "/keys/shop"},
             "hostKeys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"],
             "allow": ["http"], "branches": {}}
            """
        let settings = try JSONDecoder().decode(Settings.Repository.self, from: Data(json.utf8))
        let authority = try JSONDecoder().decode(Settings.SecretFile.self, from: Data(#"{"file": "/ca.pem"}"#.utf8))
        let remote = try RepositoryAccess(settings, authority: authority).remote(at: settings.url)
        #expect(remote.keyFile == "/keys/shop" && remote.authorities == "/ca.pem" && remote.token == nil)
        #expect(remote.hostKeys.map(\.description) == ["SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"])
        #expect(remote.allowsHTTP && !remote.allowsPrivateAddresses)
        #expect(throws: GitError.self) { try RepositoryAccess().remote(at: "https://me:s3cret@github.com/acme/shop") }
    }
}
