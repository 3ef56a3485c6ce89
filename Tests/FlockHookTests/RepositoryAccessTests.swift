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
}
