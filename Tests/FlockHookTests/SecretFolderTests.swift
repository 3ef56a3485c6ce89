import FlockTesting
import Foundation
import Testing

@testable import FlockHook

@Suite struct SecretFolderTests {
    @Test func `a secret is the content of its file, without line breaks at its end`() throws {
        let folder = try TemporaryFolder()
        try "a b\n\n".write(toFile: "\(folder.path)/KEY", atomically: true, encoding: .utf8)
        #expect(try SecretFolder(path: folder.path).value("KEY") == "a b")
    }

    @Test func `what is missing is named, and where it belongs`() throws {
        let folder = try TemporaryFolder()
        let error = try #require(throws: DeployFailure.self) { try SecretFolder(path: folder.path).value("KEY") }
        #expect(error.code == "secret_unknown" && error.message.contains("\(folder.path)/KEY"))
        let none = try #require(throws: DeployFailure.self) { try SecretFolder(path: "").value("KEY") }
        #expect(none.message.contains("hook.secrets.folder"))
    }

    @Test func `what is no text is refused, and not repeated`() throws {
        let folder = try TemporaryFolder()
        try Data([0xFF, 0x41, 0x42]).write(to: URL(fileURLWithPath: "\(folder.path)/KEY"))
        let error = try #require(throws: DeployFailure.self) { try SecretFolder(path: folder.path).value("KEY") }
        #expect(error.message.contains("UTF-8") && !error.message.contains("AB"))
    }
}
