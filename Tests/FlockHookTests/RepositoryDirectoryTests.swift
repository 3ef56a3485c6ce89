import FlockCore
import FlockDaemon
import Foundation
import Testing

@testable import FlockHook

@Suite struct RepositoryDirectoryTests {
    private func directory(_ entries: [(url: String, path: String)], in folder: String) throws -> RepositoryDirectory {
        let list = entries.map {
            "{url: '\($0.url)', path: '\($0.path)', secret: {file: s}, branches: {main: production}}"
        }
        let file = "\(folder)/flock.yaml"
        try "hook: {repositories: [\(list.joined(separator: ", "))]}\n"
            .write(toFile: file, atomically: true, encoding: .utf8)
        let settings = LiveSettings(try SettingsFile(path: file, environment: [:]).load())
        return RepositoryDirectory(settings: settings, state: StateFolder("\(folder)/state"))
    }

    @Test(arguments: [
        ("https://github.com/acme/mono", "web"), ("git@github.com:acme/mono.git#web", "web"),
        ("https://github.com/acme/mono.git#apps/api", "apps/api"), ("https://github.com/acme/mono#docs", nil),
        ("https://github.com/acme/shop#web", nil),
    ])
    func `a program is found by its repository and its path`(_ spelling: String, _ path: String?) throws {
        let folder = Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let url = "https://github.com/acme/mono.git"
        #expect(try directory([(url, "web"), (url, "apps/api")], in: folder).find(spelling)?.folder == path)
    }

    @Test func `entries of a repository of flock repo create take the place of what it deploys without one`() throws {
        let folder = Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let state = StateFolder("\(folder)/state")
        for name in ["mono", "shop"] {
            try FileManager.default.createDirectory(
                atPath: "\(state.repositories)/\(name).git", withIntermediateDirectories: true)
        }
        func keys(_ paths: [String]) throws -> [String] {
            let entries = paths.map { ("\(state.repositories)/mono.git", $0) }
            return try directory(entries, in: folder).all.map { String($0.key.dropFirst(state.repositories.count)) }
        }
        #expect(try keys([]) == ["/mono.git", "/shop.git"])
        #expect(try keys(["web", "apps/api"]) == ["/mono.git#web", "/mono.git#apps/api", "/shop.git"])
    }

    @Test func `a secret is read without the line's end, and a missing one is empty`() throws {
        let file = Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: file) }
        #expect(KnownRepository.secret(in: file) == [])
        try "s3cret\n".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(KnownRepository.secret(in: file) == Array("s3cret".utf8))
    }
}
