import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

/// Several programs of one repository, each with a folder of its own.
@Suite(.serialized)
struct MonorepoTests {
    private struct Mono {
        let hosted: HostedRepository
        let site: Site
        static let folders = ["web", "apps/api"]

        /// - Parameter secrets: files of other ones than the repository's, by folder.
        init(_ site: Site, secrets: [String: String]) async throws {
            self.site = site
            hosted = try await HostedRepository("mono", server: EchoServer(in: site.folder), in: site)
            try await site.repositories(
                Self.folders.map { folder in
                    [
                        "url: \(hosted.bare)", "path: \(folder)", "watch: [\"\(folder)/**\", \"lib/**\"]",
                        "secret: {file: \(secrets[folder] ?? "\(site.state)/secrets/mono")}",
                        "branches: {main: production, \"x/*\": preview}",
                    ]
                })
            // Nothing that is pushed from now on is found by the looks of the start.
            try await site.isHealthy([.hook])
            try await eventually("each program was looked at") {
                try await site.metric("flock_hook_looks_total", of: .hook) == 2
            }
        }

        func program(_ folder: String) -> String { "\(hosted.bare)#\(folder)" }

        static func package(_ name: String, _ version: String = "1.0.0", text: String = "") -> String {
            """
            {"name": "\(name)", "version": "\(version)", "description": "\(text)",
             "scripts": {"start": "exec $OLDPWD/echo"},
             "flock": {"cpus": 0.01, "mem": 8}, "checks": [{"path": "/health", "intervalSeconds": 1}]}

            """
        }

        /// - Returns: the commit.
        func push(_ files: [String: String], to branch: String = "main") async throws -> String {
            try await hosted.program.commit(files)
            try await hosted.program.git(["push", "-q", "flock", "HEAD:refs/heads/\(branch)"])
            return String(try await hosted.program.git(["rev-parse", "HEAD"]).output.prefix(40))
        }

        /// Delivers a push and waits until all that it led to has ended.
        /// - Returns: what became of it, of each program.
        func deliver(_ commit: String, to branch: String = "main", id: String = UUID().uuidString) async throws
            -> [DeployRow]
        {
            let answered = try #require(await hosted.deliver(commit, to: branch, id: id, site))
            let changes = try #require(answered.answer.changes, "\(answered)")
            #expect(changes.map(\.repository) == Self.folders.map(program))
            let ids = changes.compactMap(\.deploy)
            var rows: [DeployRow] = []
            try await eventually("they end") {
                rows = try await site.deploys().filter { ids.contains($0.id) }
                return rows.count == 2 && rows.allSatisfy(\.isFinal)
            }
            #expect(rows.map(\.repository) == Self.folders.map(program))
            return rows
        }

        func previews(of branch: String) async throws -> [String] {
            try await site.marathon.apps().filter { $0.labels[Label.preview] == branch }
                .compactMap { $0.labels[Label.app] }.sorted()
        }
    }

    private func withMono(
        secrets: [String: String] = [:], _ body: (Mono, Site) async throws -> Void
    ) async throws {
        try await Site.run(daemons: ["flock-engine", "flock-hook"], parts: [.engine, .hook]) { site in
            try await body(try await Mono(site, secrets: secrets), site)
        }
    }

    @Test func `each program of a repository has deploys, releases, previews and a name of its own`() async throws {
        try await withMono { mono, site in
            let one = try await mono.push([
                "web/package.json": Mono.package("web"), "apps/api/package.json": Mono.package("stock"),
            ])
            let first = try await mono.deliver(one)
            #expect(first.map(\.state) == ["live", "live"] && first.map(\.release) == [1, 1], "\(first)")
            #expect(try await site.commit(of: "/web-1.0.0") == one)
            #expect(try await site.commit(of: "/stock-1.0.0") == one)

            // A push that changes one.
            let two = try await mono.push(["web/package.json": Mono.package("web", text: "two")])
            let second = try await mono.deliver(two, id: "two")
            #expect(second.map(\.state) == ["live", "ignored"] && second.map(\.release) == [2, nil], "\(second)")
            #expect(second[1].code == "nothing_watched")
            #expect(try await site.commit(of: "/web-1.0.0") == two)
            #expect(try await site.commit(of: "/stock-1.0.0") == one)
            #expect(try await site.flock(["deploys"]).output.contains("#apps/api"))

            // The same delivery again.
            #expect(try await mono.deliver(two, id: "two").map(\.id) == second.map(\.id))
            #expect(try await site.deploys().count == 4)

            // A branch, and its end.
            _ = try await mono.deliver(try await mono.push(["README": "x"], to: "x/y"), to: "x/y")
            #expect(try await mono.previews(of: "x/y") == ["stock", "web"])
            try await mono.hosted.program.git(["push", "-q", "flock", ":x/y"])
            let gone = try await mono.deliver(String(repeating: "0", count: 40), to: "x/y")
            #expect(gone.map(\.code) == ["branch_deleted", "branch_deleted"])
            try await eventually("both previews are gone") { try await mono.previews(of: "x/y").isEmpty }
            #expect(try await site.commit(of: "/web-1.0.0") == two)

            // A name is one program's, of one repository too.
            let thief = try await mono.push(["apps/api/package.json": Mono.package("web", "1.0.1")])
            let third = try await mono.deliver(thief)
            #expect(third.map(\.code) == ["nothing_watched", "name_taken"], "\(third)")
            #expect(third[1].reason?.contains("belongs to \(mono.program("web"))") == true)
            #expect(try await site.marathon.app("/web-1.0.1") == nil)
        }
    }

    @Test func `who pushes sees what becomes of each program; a push that nobody tells of is found for each`()
        async throws
    {
        let folder = try TemporaryFolder()
        try "of the api\n".write(toFile: "\(folder.path)/secret", atomically: true, encoding: .utf8)
        try await withMono(secrets: ["apps/api": "\(folder.path)/secret"]) { mono, site in
            let installed = try await run(
                "sh",
                ["\(HookScriptTests.folder)/install.sh", "post-receive", mono.hosted.bare]
                    + ["command=\(Binary.path("flock"))", "config=\(site.config)"]
                    + ["secretfile=\(site.state)/secrets/mono", "secretfile=\(folder.path)/secret"])
            #expect(installed.isSuccess, "\(installed.output)")
            try await mono.hosted.program.commit([
                "web/package.json": Mono.package("web"), "apps/api/package.json": #"{"name": "stock", "flock": 1}"#,
            ])
            let pushed = try await mono.hosted.program.push()
            let parts = pushed.components(separatedBy: "Flock: \(mono.hosted.bare)#").dropFirst()
            #expect(parts.count == 2, "\(pushed)")
            #expect(parts.first?.hasPrefix("web") == true && parts.first?.contains("release 1 is live") == true)
            #expect(parts.last?.hasPrefix("apps/api") == true && parts.last?.contains("failed: ") == true)

            try FileManager.default.removeItem(atPath: "\(mono.hosted.bare)/hooks/post-receive")
            let lost = try await mono.push([
                "web/package.json": Mono.package("web", "2.0.0"), "apps/api/package.json": Mono.package("stock"),
            ])
            try await site.kill9("flock-hook")
            try await site.start("flock-hook")
            try await eventually("both are deployed") {
                let web = try await site.commit(of: "/web-2.0.0")
                return try await site.commit(of: "/stock-1.0.0") == lost && web == lost
            }
            try await site.isHealthy([.hook])
            try await eventually("both have ended") { try await site.deploys().allSatisfy(\.isFinal) }
            #expect(try await site.deploys().suffix(2).map(\.state) == ["live", "live"])
        }
    }
}
