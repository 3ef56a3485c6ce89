import FlockTesting
import Foundation
import Testing

/// What a person asks flock-hook.
struct FetchCommandTests {
    @Test("flock-hook fetch says how a repository of the settings is fetched, packs it, and explains mistakes")
    func fetch() async throws {
        let folder = try TemporaryFolder()
        let origin = "\(folder.path)/shop"
        for arguments in [
            ["init", "-q", "-b", "main", origin],
            ["-C", origin, "commit", "-q", "--allow-empty", "-m", "empty"],
        ] {
            #expect(try await run("git", arguments, in: folder.path).isSuccess)
        }
        try "{}".write(toFile: "\(origin)/package.json", atomically: true, encoding: .utf8)
        #expect(try await run("git", ["-C", origin, "add", "-A"]).isSuccess)
        #expect(try await run("git", ["-C", origin, "commit", "-q", "-m", "package"]).isSuccess)
        let commit = try await run("git", ["-C", origin, "rev-parse", "HEAD"]).output.trimmingCharacters(in: .newlines)
        let config = "\(folder.path)/flock.yaml"
        try """
        hook:
          repositories:
            - {url: "\(origin)/.git", secret: {file: none}, branches: {}}
            - {url: "\(origin)/.git", path: "apps/web", secret: {file: none}, branches: {}, token: {file: none}}
            - {url: "https://127.0.0.1:1/shop", secret: {file: none}, branches: {}}
            - {url: "https://localhost:1/shop", secret: {file: none}, branches: {}, token: {file: none}}
        """.write(toFile: config, atomically: true, encoding: .utf8)
        func fetch(_ arguments: [String]) async throws -> Ran {
            try await run(
                Binary.path("flock-hook"),
                ["fetch", "--config", config, "--state", "\(folder.path)/state"] + arguments)
        }

        let archive = "\(folder.path)/shop.tar"
        let ran = try await fetch(["\(origin)/.git", "--archive", archive])
        #expect(ran.status == 0 && ran.output.contains("main is at \(commit)"), "\(ran)")
        #expect(try await run("tar", ["-tf", archive]).output == "package.json\n")
        #expect(try await fetch(["\(origin)/.git#apps/web"]).output.contains("main is at \(commit)"))
        let json = try await fetch(["\(origin)/.git", "--json"])
        let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
        #expect(object?["commit"] as? String == commit, "\(json)")

        for (arguments, says) in [
            (["https://github.com/acme/shop"], "is not in hook.repositories"),
            (["\(origin)/.git#apps/api"], "is not in hook.repositories"),
            (["\(origin)/.git", "--branch", "next"], "[branch_gone]"),
            (["https://127.0.0.1:1/shop"], "[git.unsafe-address]"),
            (["https://localhost:1/shop"], "[token_unreadable]"),
        ] {
            let ran = try await fetch(arguments)
            #expect(ran.status == 1 && ran.output.contains(says), "\(ran)")
        }
    }

    @Test("flock-hook fetch brings the difference over http from a server that the settings allow")
    func fetchOverHTTP() async throws {
        let folder = try TemporaryFolder()
        let origin = "\(folder.path)/shop"
        #expect(try await run("git", ["init", "-q", "-b", "main", origin]).isSuccess)
        let port = try await freePorts(1)[0]
        let url = "http://localhost:\(port)/shop/.git"
        let config = "\(folder.path)/flock.yaml"
        try """
        hook:
          repositories:
            - {url: "\(url)", secret: {file: none}, branches: {}, allow: [http, privateAddresses]}
        """.write(toFile: config, atomically: true, encoding: .utf8)
        try await GitOverHTTP.serve(folder.path, port: port) {
            for version in ["1", "2"] {
                try version.write(toFile: "\(origin)/version", atomically: true, encoding: .utf8)
                #expect(try await run("git", ["-C", origin, "add", "-A"]).isSuccess)
                #expect(try await run("git", ["-C", origin, "commit", "-q", "-m", version]).isSuccess)
                let commit = try await run("git", ["-C", origin, "rev-parse", "HEAD"]).output
                let ran = try await run(
                    Binary.path("flock-hook"),
                    ["fetch", url, "--config", config, "--state", "\(folder.path)/state"]
                        + ["--archive", "\(folder.path)/shop.tar"])
                #expect(ran.output.contains("main is at \(commit.trimmingCharacters(in: .newlines))"), "\(ran)")
                #expect(try await run("tar", ["-xOf", "\(folder.path)/shop.tar", "version"]).output == version)
            }
        }
    }
}
