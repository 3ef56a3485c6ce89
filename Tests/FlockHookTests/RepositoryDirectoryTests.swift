import FlockCore
import FlockDaemon
import Foundation
import Testing

@testable import FlockHook

@Suite struct RepositoryDirectoryTests {
    @Test func `entries of a repository of flock repo create take the place of what it deploys without one`() throws {
        let folder = Fixtures.temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let state = StateFolder("\(folder)/state")
        for name in ["mono", "shop"] {
            try FileManager.default.createDirectory(
                atPath: "\(state.repositories)/\(name).git", withIntermediateDirectories: true)
        }
        func keys(_ paths: [String]) throws -> [String] {
            let entries = paths.map {
                "{url: \(state.repositories)/mono.git, path: \($0), secret: {file: s}, branches: {main: production}}"
            }
            let file = "\(folder)/flock.yaml"
            try "hook: {repositories: [\(entries.joined(separator: ", "))]}\n"
                .write(toFile: file, atomically: true, encoding: .utf8)
            let settings = LiveSettings(try SettingsFile(path: file, environment: [:]).load())
            return RepositoryDirectory(settings: settings, state: state).all.map {
                String($0.key.dropFirst(state.repositories.count))
            }
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
