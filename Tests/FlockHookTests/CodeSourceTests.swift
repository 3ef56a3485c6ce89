import FlockCore
import FlockTesting
import Foundation
import Git
import Testing

@testable import FlockHook

/// Code of several programs of one repository, from a real git server.
@Suite struct CodeSourceTests {
    @Test func `programs of one repository share a store, and fetch into it at once`() async throws {
        let folder = try TemporaryFolder()
        let (mono, state) = (Program(path: "\(folder.path)/mono"), StateFolder("\(folder.path)/state"))
        try FileManager.default.createDirectory(atPath: mono.path, withIntermediateDirectories: true)
        try await mono.git(["init", "-q", "-b", "main"])
        let port = try await freePorts(1)[0]
        let url = "http://localhost:\(port)/mono/.git"
        let entry = try JSONDecoder().decode(
            Settings.Repository.self,
            from: Data(
                """
                {"url": "\(url)", "secret": {"file": "s"}, "branches": {}, "allow": ["http", "privateAddresses"]}
                """.utf8))
        // As it may be spelled in another entry.
        let programs = [("web", url), ("api", url), ("docs", url.replacing("localhost", with: "LOCALHOST"))].map {
            folder, url in
            KnownRepository(
                address: RepositoryAddress(url), source: .remote(url: url), secretFiles: [], branches: [:],
                folder: folder, access: RepositoryAccess(entry, authority: .init(file: "")))
        }
        try await GitOverHTTP.serve(folder.path, port: port) {
            for round in 1...3 {
                try await mono.commit(
                    Dictionary(uniqueKeysWithValues: programs.map { ("\($0.folder)/package.json", "\(round)") }))
                let commit = try await mono.git(["rev-parse", "HEAD"]).output.prefix(40)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for program in programs + programs {
                        group.addTask {
                            let (git, tip) = try await CodeSource(state: state).tip(of: "main", in: program)
                            #expect(tip.description == commit)
                            let file = try await git.file("\(program.folder)/package.json", at: tip)
                            #expect(file == Array("\(round)".utf8))
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }
        let stores = try FileManager.default.contentsOfDirectory(atPath: "\(state.hook)/repositories")
        #expect(stores.count { $0.hasSuffix(".git") } == 1, "\(stores)")
    }
}
