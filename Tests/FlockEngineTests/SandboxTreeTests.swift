import FlockTesting
import Foundation
import Testing

@testable import FlockEngine

@Suite(.enabled("gives files away, which takes root") { getuid() == 0 }) struct SandboxTreeTests {
    private let folder: TemporaryFolder
    private let sandbox: String
    private let user: UInt32 = 1_900_000_000

    init() async throws {
        folder = try TemporaryFolder()
        sandbox = folder.path + "/sandbox"
        let made = try await run(
            "sh",
            [
                "-c",
                #"""
                mkdir -p sandbox/a/b outside/in && touch outside/file sandbox/a/b/file "sandbox/$(printf 'bytes\377')"
                ln -s ../outside sandbox/folder; ln -s ../../outside/file sandbox/a/link; mkfifo sandbox/a/pipe
                chmod 0 sandbox/a/b; chmod 4755 sandbox/a/b/file; chmod 755 sandbox
                """#,
            ], in: folder.path)
        try #require(made.isSuccess, "\(made.output)")
    }

    /// Paths that belong to the user, by find(1), which follows no links.
    private func owned() async throws -> [String] {
        let found = try await run(
            "find", [".", "-uid", "\(user)", "-gid", "\(user)", "-printf", #"%P\n"#], in: folder.path)
        try #require(found.isSuccess)
        return found.output.split(separator: "\n").map(String.init).sorted()
    }

    @Test func `all in a sandbox is given to the user, and nothing that links lead to`() async throws {
        try SandboxTree.give(sandbox, to: user)
        let names = ["", "/a", "/a/b", "/a/b/file", "/a/link", "/a/pipe", "/folder"].map { "sandbox" + $0 }
        let owned = try await owned()
        #expect(owned.filter { !$0.contains("bytes") } == names && owned.count == names.count + 1)
        let attributes = try FileManager.default.attributesOfItem(atPath: sandbox)
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
    }

    /// For a box beside a task that runs.
    @Test func `a sandbox that is the user's already is left alone`() async throws {
        try SandboxTree.give(sandbox, to: user)
        _ = try await run("touch", ["later"], in: sandbox)
        try SandboxTree.give(sandbox, to: user)
        #expect(try await !owned().contains("sandbox/later"))
    }

    @Test func `a sandbox that is a link, is not there, or is too deep is refused`() async throws {
        for wrong in ["sandbox/folder", "nowhere"] {
            let error = #expect(throws: EngineError.self) { try SandboxTree.give("\(folder.path)/\(wrong)", to: user) }
            #expect(error?.code == .launch)
        }
        try FileManager.default.createDirectory(
            atPath: sandbox + String(repeating: "/d", count: 200), withIntermediateDirectories: true)
        #expect(throws: EngineError.self) { try SandboxTree.give(sandbox, to: user) }
    }
}
