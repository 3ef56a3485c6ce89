import FlockTesting
import Foundation
import Testing

/// `flock check`: the same verdict as a deploy's, before there is one.
struct CheckCommandTests {
    private let folder: TemporaryFolder
    private static let good = #"{"name": "shop", "version": "1.0.1", "scripts": {"start": "node ."}}"#
    private static let bad = #"{"name": "shop", "flock": {"instnces": 2, "cpus": "x"}}"#

    init() throws {
        folder = try TemporaryFolder()
    }

    private func check(_ arguments: String..., environment: [String: String] = [:]) async throws -> Ran {
        try await run(Binary.path("flock"), ["check"] + arguments, in: folder.path, environment: environment)
    }

    private func write(_ text: String, _ name: String = "package.json") throws {
        let file = URL(fileURLWithPath: "\(folder.path)/\(name)")
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    @Test func `all problems are told, with file, key, what is right and a hint; exit status 65`() async throws {
        try write(Self.bad, "apps/shop/package.json")
        let ran = try await check("apps/shop")
        #expect(ran.status == 65)
        let lines = ran.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 3, "\(ran.output)")
        #expect(lines.contains { $0.hasPrefix("apps/shop/package.json: flock.cpus: is \"x\"; it has to be a number") })
        #expect(lines.contains { $0.contains("flock.instnces: is not known; did you mean \"instances\"?") })
        #expect(lines.contains { $0.contains("scripts.start: is missing") })
        let named = try await check("apps/shop/package.json")
        #expect(named.output == ran.output)
    }

    @Test func `as JSON`() async throws {
        try write(Self.bad)
        let ran = try await check("--json")
        let report = try #require(JSONSerialization.jsonObject(with: Data(ran.output.utf8)) as? [String: Any])
        let problems = try #require(report["problems"] as? [[String: Any]])
        #expect(ran.status == 65 && problems.count == 3)
        #expect(
            problems.contains {
                $0["key"] as? String == "flock.cpus" && $0["code"] as? String == "descriptor_wrong_type"
            })
    }

    @Test func `a good one is said to be good, with what it becomes, and what to think of`() async throws {
        try write(#"{"name": "shop", "version": "1.0.1", "scripts": {"start": "node ."}, "flock": {"mem": 16}}"#)
        try write("FROM node", "Dockerfile")
        let ran = try await check()
        #expect(ran.isSuccess && ran.output.contains("it becomes /shop-1.0.1"), "\(ran.output)")
        #expect(ran.output.contains("flock.mem") && ran.output.contains("Dockerfile: is not used"))
    }

    @Test func `nothing to read is exit status 66`() async throws {
        #expect(try await check("nowhere").status == 66)
        #expect(try await check().status == 65)
        #expect(try await check(".", "--commit=--output=x").status == 66)
    }

    @Test func `a commit is read from a bare repository, also of a sub-folder`() async throws {
        try write(Self.bad, "work/package.json")
        try write(Self.good, "work/apps/shop/package.json")
        let program = Program(path: "\(folder.path)/work")
        try await program.git(["init", "-q", "-b", "main"])
        try await program.commit([:])
        try await program.git(["clone", "-q", "--bare", ".", "../shop.git"])
        let commit = try await program.git(["rev-parse", "HEAD"]).output.trimmingCharacters(in: .newlines)
        #expect(try await check("shop.git", "--commit", commit).status == 65)
        #expect(try await check("shop.git", "--commit", "main", "--folder", "apps/shop").isSuccess)
        let unknown = try await check("shop.git", "--commit", String(repeating: "a", count: 40))
        #expect(unknown.status == 66 && unknown.output.contains("shop.git"), "\(unknown.output)")
    }

    @Test func `a pre-receive hook refuses a broken push, though its objects are in quarantine`() async throws {
        _ = try await run("git", ["init", "-q", "--bare", "\(folder.path)/shop.git"])
        let hook = """
            #!/bin/sh
            while read -r old new ref; do "\(Binary.path("flock"))" check . --commit "$new" || exit 1; done
            """
        try write(hook, "shop.git/hooks/pre-receive")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: "\(folder.path)/shop.git/hooks/pre-receive")
        let program = Program(path: "\(folder.path)/work")
        try FileManager.default.createDirectory(atPath: program.path, withIntermediateDirectories: true)
        try await program.git(["init", "-q", "-b", "main"])
        try await program.commit(["package.json": Self.bad])
        let refused = try await run("git", ["push", "../shop.git", "main"], in: program.path)
        #expect(!refused.isSuccess && refused.output.contains("did you mean \"instances\"?"), "\(refused.output)")
        try await program.commit(["package.json": Self.good])
        let taken = try await run("git", ["push", "../shop.git", "main"], in: program.path)
        #expect(taken.isSuccess && taken.output.contains("it becomes /shop-1.0.1"), "\(taken.output)")
    }
}
