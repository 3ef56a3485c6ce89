import Foundation
import Testing

@testable import Git

@Suite struct GitRepositoryTests {
    @Test func readsAFileAtACommit() async throws {
        try await Workspace.with { workspace in
            try workspace.write("{\"name\": \"one\"}", to: "package.json")
            try workspace.write("deep", to: "packages/shop/package.json")
            let first = try await workspace.commit()
            try workspace.write("{\"name\": \"two\"}", to: "package.json")
            let second = try await workspace.commit()
            let repository = try GitRepository(bareAt: workspace.bare)
            #expect(try await repository.file("package.json", at: first) == Array("{\"name\": \"one\"}".utf8))
            #expect(try await repository.file("package.json", at: second) == Array("{\"name\": \"two\"}".utf8))
            #expect(try await repository.file("packages/shop/package.json", at: first) == Array("deep".utf8))
        }
    }

    @Test func anAbsentFileIsNil() async throws {
        try await Workspace.with { workspace in
            try workspace.write("text", to: "file")
            let commit = try await workspace.commit()
            let repository = try GitRepository(bareAt: workspace.bare)
            for path in ["package.json", "no/package.json", "file/package.json"] {
                #expect(try await repository.file(path, at: commit) == nil)
            }
            for path in ["", "/file", "../file", "./file", "file/", "file\0", "a//b", ".git/config"] {
                await expectError(.invalidName) { try await repository.file(path, at: commit) }
            }
        }
    }

    @Test func refusesWhatIsNoPlainFile() async throws {
        try await Workspace.with { workspace in
            let blob = try await workspace.blob("settings.json")
            let folder = try await workspace.tree([RawEntry("100644", "x", blob)])
            let absent = try #require(ObjectID(String(repeating: "1", count: 40)))
            let commit = try await workspace.commit(entries: [
                RawEntry("40000", "folder", folder), RawEntry("120000", "link", blob),
                RawEntry("100664", "odd", blob), RawEntry("104755", "setuid", blob),
                RawEntry("160000", "submodule", absent),
            ])
            let repository = try GitRepository(bareAt: workspace.bare)
            await expectError(.unsafeEntry) { try await repository.file("link", at: commit) }
            await expectError(.unsafeEntry) { try await repository.file("odd", at: commit) }
            await expectError(.unsafeEntry) { try await repository.file("setuid", at: commit) }
            await expectError(.notAFile) { try await repository.file("folder", at: commit) }
            await expectError(.submodule) { try await repository.file("submodule", at: commit) }
            #expect(try await repository.file("link/x", at: commit) == nil)
            #expect(try await repository.file("submodule/x", at: commit) == nil)
        }
    }

    @Test func refusesALargeFileAndAnLFSPointer() async throws {
        try await Workspace.with { workspace in
            try workspace.write(String(repeating: " ", count: 256 * 1024), to: "fits")
            try workspace.write(String(repeating: " ", count: 256 * 1024 + 1), to: "large")
            try workspace.write(lfsPointer, to: "pointer")
            let commit = try await workspace.commit()
            // Headers of packed objects are read in another way than those of loose ones.
            for packed in [false, true] {
                if packed { try await workspace.git("gc", "--quiet") }
                let repository = try GitRepository(bareAt: workspace.bare)
                #expect(try await repository.file("fits", at: commit)?.count == 256 * 1024)
                await expectError(.tooLarge) { try await repository.file("large", at: commit) }
                await expectError(.tooLarge) { try await repository.file("fits", at: commit, limit: 10) }
                await expectError(.lfsPointer) { try await repository.file("pointer", at: commit) }
            }
        }
    }

    @Test func findsBranches() async throws {
        try await Workspace.with { workspace in
            let first = try await workspace.commit("first")
            try await workspace.git("branch", "feature/x")
            let second = try await workspace.commit("second")
            try await workspace.git("tag", "v1")
            let repository = try GitRepository(bareAt: workspace.bare)
            #expect(try await repository.tip(of: "main") == second)
            #expect(try await repository.tip(of: "feature/x") == first)
            #expect(try await repository.tip(of: "v1") == nil)
            #expect(
                try await repository.branches() == [
                    Reference(name: "refs/heads/feature/x", target: first),
                    Reference(name: "refs/heads/main", target: second),
                ])
            for name in ["", "a..b", "a b", "-x", "main\0x", "a.lock", "@{1}"] {
                await expectError(.invalidName) { try await repository.tip(of: name) }
            }
            let third = try await workspace.commit("third")
            #expect(try await repository.tip(of: "main") == third, "a push after opening is seen")
        }
    }

    @Test func describesACommit() async throws {
        try await Workspace.with { workspace in
            let id = try await workspace.commit("Open the shop\n\nAt nine.")
            try await workspace.git("tag", "--annotate", "--message", "release", "v1")
            try await workspace.git("tag", "--annotate", "--message", "again", "v2", "v1")
            let tag = try ObjectID(await workspace.git("rev-parse", "v2")).orThrow()
            #expect(tag != id)
            let repository = try GitRepository(bareAt: workspace.bare)
            let commit = try await repository.commit(tag)
            #expect(commit.id == id)
            #expect(commit.summary == "Open the shop")
            #expect(commit.author == "Ada")
            #expect(commit.time == Date(timeIntervalSince1970: 1_709_294_400))
            #expect(try await commit.tree == ObjectID(workspace.git("rev-parse", "HEAD^{tree}")))
            await expectError(.notACommit) { try await repository.commit(commit.tree) }
            let absent = try #require(ObjectID(String(repeating: "1", count: 40)))
            await expectError(.notFound) { try await repository.commit(absent) }
        }
    }

    @Test func readsACommitThatIsNotUTF8() async throws {
        try await Workspace.with { workspace in
            let tree = try await workspace.tree([])
            let text = """
                tree \(tree)
                author Ren? <r@example.org> 1 +0000
                committer R <r@example.org> 1 +0000

                caf?

                """
            let bytes = text.utf8.map { $0 == UInt8(ascii: "?") ? 0xE9 : $0 }
            let id = try ObjectID(
                await workspace.git("hash-object", "-t", "commit", "-w", "--stdin", input: bytes)
            ).orThrow()
            let commit = try await GitRepository(bareAt: workspace.bare).commit(id)
            #expect(commit.author == "Ren\u{FFFD}")
            #expect(commit.summary == "caf\u{FFFD}")
        }
    }

    @Test func opensOnlyARepository() async throws {
        try await Workspace.with { workspace in
            for path in [workspace.folder, "\(workspace.folder)/absent"] {
                await expectError(.notARepository) { try GitRepository(bareAt: path) }
            }
        }
    }

    @Test func aNewRepositoryTakesAPush() async throws {
        try await Workspace.with { workspace in
            let path = "\(workspace.folder)/hosted/acme/shop.git"
            try GitRepository.createBare(at: path, initialBranch: "trunk")
            await expectError(.alreadyExists) { try GitRepository.createBare(at: path) }
            await expectError(.invalidName) {
                try GitRepository.createBare(at: "\(workspace.folder)/other", initialBranch: "a..b")
            }
            #expect(try await workspace.run("git", "-C", path, "symbolic-ref", "HEAD") == "refs/heads/trunk")
            let repository = try GitRepository(bareAt: path)
            #expect(try await repository.tip(of: "trunk") == nil)
            #expect(try await repository.branches().isEmpty)
            try workspace.write("{}", to: "package.json")
            let commit = try await workspace.commit()
            try await workspace.git("push", "--quiet", path, "main:trunk")
            #expect(try await repository.tip(of: "trunk") == commit)
            #expect(try await repository.file("package.json", at: commit) == Array("{}".utf8))
        }
    }
}

let lfsPointer = """
    version https://git-lfs.github.com/spec/v1
    oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
    size 12345

    """

/// Expects `body` to throw a `GitError` with this code, and returns it.
@discardableResult
func expectError<Value>(
    _ code: GitError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Value
) async -> GitError? {
    do {
        _ = try await body()
        Issue.record("nothing was thrown, expected \(code.rawValue)", sourceLocation: sourceLocation)
    } catch let error as GitError {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
    return nil
}
