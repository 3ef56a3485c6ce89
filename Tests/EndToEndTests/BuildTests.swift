import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOHTTP1
import Testing

/// Programs that are built by real npm, in the engine's boxes. No registry is asked: dependencies are archives or
/// folders of the repository. Stand-ins of a few lines take the place of yarn and pnpm.
@Suite(.serialized)
struct BuildTests {
    private static let server = """
        const http = require("node:http");
        const { greet } = require("greeting");
        const fs = require("node:fs");
        const has = (file) => fs.existsSync(file);
        http.createServer((request, response) => response.end(JSON.stringify({
          greet: greet(), built: has("built"), prebuilt: has("prebuilt"), plain: has("plain"),
          tool: has("node_modules/tool"), secret: process.env.NAME,
        }))).listen(process.env.PORT, process.env.HOST);
        """

    /// A program with a dependency, one for development, and all of Heroku's scripts.
    private func files(_ version: String, scripts: [String: String] = [:], flock: String = "{}") throws -> [String:
        String]
    {
        let scripts = [
            "start": "node server.js", "heroku-prebuild": "test ! -e node_modules && touch prebuilt",
            "heroku-postbuild": "tool > built", "build": "touch plain", "postinstall": "echo root postinstall ran",
        ].merging(scripts) { _, own in own }
        let text = String(decoding: try JSONEncoder().encode(scripts), as: UTF8.self)
        return [
            "package.json": """
            {"name": "shop", "version": "\(version)", "scripts": \(text), "flock": \(flock),
             "dependencies": {"greeting": "file:lib/greeting"}, "devDependencies": {"tool": "file:lib/tool"}}
            """,
            "server.js": Self.server,
            "lib/greeting/package.json": #"{"name": "greeting", "version": "1.0.0", "main": "index.js"}"#,
            "lib/greeting/index.js": "exports.greet = () => 'hello';",
            "lib/tool/package.json": #"{"name": "tool", "version": "1.0.0", "bin": {"tool": "tool.js"}}"#,
            "lib/tool/tool.js": "#!/usr/bin/env node\nconsole.log(process.env.NODE_ENV);\n",
        ]
    }

    /// Writes package-lock.json as `npm install` does.
    /// - Parameter asFolders: dependencies stay folders; else they become archives, as registries have them.
    private func lock(_ program: Program, asFolders: Bool = false) async throws {
        func npm(_ arguments: [String]) async throws {
            let ran = try await run("npm", arguments + ["--offline", "--no-audit"], in: program.path)
            try #require(ran.isSuccess, "\(ran.output)")
        }
        if !asFolders {
            try await npm(["pack", "./lib/greeting", "./lib/tool", "--pack-destination", "lib"])
            let package = try String(contentsOfFile: "\(program.path)/package.json", encoding: .utf8)
            try await program.commit(
                ["package.json": package.replacing(#/file:lib\/(\w+)/#) { "file:lib/\($0.1)-1.0.0.tgz" }])
        }
        try await npm(["install", "--package-lock-only"])
        try await program.commit([:], message: "lock")
    }

    /// What the app answers, once it serves.
    private func answer(_ site: Site) async throws -> [String: any Sendable] {
        try await eventually("the app answers", within: .seconds(180)) {
            try await site.request("shop.flock.test").status == 200
        }
        let body = try await site.request("shop.flock.test").body
        let object = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any] ?? [:]
        return object.compactMapValues { ($0 as? Bool) ?? ($0 as? String).map { $0 as any Sendable } }
    }

    /// The build's app is gone in every outcome.
    private func nothingIsLeft(_ site: Site) async throws {
        try await eventually("no build is left") {
            try await !site.marathon.apps().contains { $0.id.hasPrefix("/flock/build/") }
        }
    }

    @Test("npm: scripts in Heroku's order, by the lock file, pruned; kept dependencies; the log")
    func npm() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("shop", files: files("1.0.0"))
            try await lock(program)
            let first = try await program.push()
            #expect(first.contains("release 1 is live"), "\(first)")
            for line in [
                "$ npm run heroku-prebuild", "$ npm ci", "$ npm run heroku-postbuild", "$ npm prune", "Packing.",
            ] {
                #expect(first.contains("       \(line)"), "\(first)")
            }
            #expect(!first.contains("flock-build-"))
            let state = try await answer(site)
            #expect(state["greet"] as? String == "hello")
            #expect(state["built"] as? Bool == true && state["prebuilt"] as? Bool == true)
            #expect(state["plain"] as? Bool == false && state["tool"] as? Bool == false)
            try await nothingIsLeft(site)

            let log = try await site.flock(["logs", "--deploy", "1"])
            #expect(
                log.isSuccess && log.output.contains("$ npm ci") && log.output.contains("Packing."), "\(log.output)")
            let unknown = try await site.flock(["logs", "--deploy", "99"])
            #expect(!unknown.isSuccess && unknown.output.contains("build_unknown"))

            try await program.commit(["README": "other"])
            let second = try await program.push()
            #expect(second.contains("release 2 is live"), "\(second)")
            #expect(second.contains("whose dependencies are taken") && second.contains("root postinstall ran"))
            #expect(!second.contains("$ npm ci"))
            let artifacts = try FileManager.default.contentsOfDirectory(atPath: "\(site.state)/artifacts")
            #expect(artifacts.count { $0.hasPrefix("cache-") } == 1, "\(artifacts)")
        }
    }

    @Test("a build that fails: code, the last lines, and the old release serves on")
    func failing() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("shop", files: HelloApp.files(name: "shop", version: "1.0.0"))
            #expect(try await program.push().contains("release 1 is live"))
            try await program.commit([
                "package.json": #"""
                {"name": "shop", "version": "1.0.1", "scripts": {"start": "node server.js", "build": "echo why; exit 7"}}
                """#
            ])
            let push = try await program.push()
            #expect(push.contains("       why"), "\(push)")
            #expect(push.contains("failed: the build failed: \"npm run build\" ended with status"), "\(push)")
            let deploys = try await site.flock(["deploys", "--json"]).output
            #expect(deploys.contains(#""code" : "build_failed""#), "\(deploys)")
            try await nothingIsLeft(site)
            try await eventually("the old one answers") {
                try await site.request("shop.flock.test").body.hasPrefix("1.0.0")
            }
            #expect(try await site.flock(["logs", "--deploy", "2"]).output.contains("why"))
        }
    }

    @Test("a build has a time limit and a memory limit")
    func limits() async throws {
        try await Site.run(settings: ["hook.build.timeout=20s", "hook.build.mem=64"]) { site in
            let program = try await site.makeApp("shop", files: HelloApp.files(name: "shop", version: "1.0.0"))
            func package(_ command: String) -> [String: String] {
                [
                    "package.json":
                        #"{"name": "shop", "scripts": {"start": "node server.js"}, "flock": {"build": "\#(command)"}}"#
                ]
            }
            try await program.commit(package("echo begun; sleep 1000"))
            let late = try await program.push()
            #expect(late.contains("it took longer than 20s") && late.contains("begun"), "\(late)")
            #expect(try await site.flock(["deploys", "--json"]).output.contains("build_timed_out"))
            try await nothingIsLeft(site)
            try await eventually("nothing runs on") { try !site.processes().contains { $0.contains("sleep\u{0}1000") } }
            try await program.commit(package("node -e 'Buffer.alloc(512 << 20, 1)'"))
            let large = try await program.push()
            #expect(large.contains("the build failed"), "\(large)")
            try await nothingIsLeft(site)
        }
    }

    @Test("flock-hook is killed while it builds: the build begins again, and nothing of it is left")
    func killed() async throws {
        try await Site.run { site in
            let gate = try await Gate()
            let program = try await site.makeApp("shop", files: HelloApp.files(name: "shop", version: "1.0.0"))
            try await program.commit([
                "package.json": #"""
                {"name": "shop", "version": "1.0.0", "scripts": {"start": "node server.js"},
                 "flock": {"build": ["echo begun", "node wait.js"]}}
                """#,
                "wait.js": gate.passing("0"),
            ])
            async let push = program.push()
            try await eventually("it builds") {
                try await site.marathon.apps().contains { $0.id.hasPrefix("/flock/build/") && $0.tasksRunning == 1 }
            }
            try await site.kill9("flock-hook")
            _ = try? await push
            // Of a deploy that nobody goes on with.
            let left =
                #"{"cmd": "sleep 1000", "cpus": 0.1, "mem": 32, "labels": {"FLOCK_ROLE": "build", "FLOCK_DEPLOY": "999"}}"#
            #expect(try await site.engine(.PUT, "/v2/apps/flock/build/999", left).status == 201)
            try await site.start("flock-hook")
            try await site.isHealthy([.hook])
            gate.open()
            try await eventually("it is live", within: .seconds(180)) {
                try await site.flock(["deploys"]).output.contains("live")
            }
            try await nothingIsLeft(site)
            try await gate.stop()
        }
    }

    @Test("the engine is killed while what was built is fetched: it is fetched when the engine is back")
    func engineKilled() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("shop", files: HelloApp.files(name: "shop", version: "1.0.0"))
            try await site.kill9("flock-engine")
            try await site.start("flock-engine", fault: "engine.downloading")
            try await site.isHealthy()
            try await program.commit([
                "package.json": #"""
                {"name": "shop", "version": "1.0.0", "scripts": {"start": "node server.js"},
                 "flock": {"build": ["echo begun", "head -c 3000000 /dev/zero >large"]}}
                """#
            ])
            async let push = program.push()
            let engine = try await site.process("flock-engine")
            try await eventually("it is killed") { !engine.isRunning }
            try await eventually("flock-hook misses it") { site.log("flock-hook").contains("/files/download") }
            try await site.start("flock-engine")
            let output = try await push
            #expect(output.contains("release 1 is live"), "\(output)")
            #expect(output.components(separatedBy: "$ echo begun").count == 2, "\(output)")
            try await nothingIsLeft(site)
            try await eventually("it answers") { try await site.request("shop.flock.test").status == 200 }
        }
    }

    @Test("dependencies that the lock file has not: the build fails, with kept ones and without")
    func unlocked() async throws {
        try await Site.run { site in
            let shop = try await site.makeApp("shop", files: files("1.0.0"))
            try await lock(shop)
            #expect(try await shop.push().contains("release 1 is live"))
            let package = try String(contentsOfFile: "\(shop.path)/package.json", encoding: .utf8)
            let more = package.replacing(
                "\"dependencies\": {", with: "\"dependencies\": {\"more\": \"file:lib/tool\", ")
            try await shop.commit(["package.json": more])
            let other = Program(path: "\(site.folder.path)/other")
            try FileManager.default.copyItem(atPath: shop.path, toPath: other.path)
            #expect(try await site.flock(["repo", "create", "other"]).isSuccess)
            try await other.git(["remote", "set-url", "flock", "\(site.state)/git/other.git"])
            try await other.commit(["package.json": more.replacing("\"name\": \"shop\"", with: "\"name\": \"other\"")])
            for program in [shop, other] {
                let push = try await program.push()
                #expect(push.contains("failed: the build failed: \"npm ci"), "\(push)")
                #expect(push.contains("Missing: more@"), "\(push)")
            }
            // What says nothing of dependencies may differ.
            let version = package.replacing("\"version\": \"1.0.0\"", with: "\"version\": \"1.0.1\"")
            try await shop.commit(["package.json": version.replacing("tool > built", with: "tool >built")])
            let push = try await shop.push()
            #expect(push.contains("is live") && push.contains("whose dependencies are taken"), "\(push)")
        }
    }

    @Test("a dependency that is a folder of the repository is installed by each build")
    func linked() async throws {
        try await Site.run { site in
            var files = try files("1.0.0")
            files["lib/greeting/package.json"] = #"""
                {"name": "greeting", "version": "1.0.0", "main": "made.js",
                 "scripts": {"postinstall": "cp index.js made.js"}}
                """#
            let program = try await site.makeApp("shop", files: files)
            try await lock(program, asFolders: true)
            for release in 1...2 {
                let push = try await program.push()
                #expect(push.contains("release \(release) is live") && push.contains("$ npm ci"), "\(push)")
                #expect(try await answer(site)["greet"] as? String == "hello")
                try await program.commit(["README": "\(release)"])
            }
        }
    }

    @Test("yarn and pnpm are called by their lock files", arguments: ["yarn", "pnpm"])
    func others(_ manager: String) async throws {
        try await Site.run { site in
            var files = try files("1.0.0")
            files[manager == "yarn" ? "yarn.lock" : "pnpm-lock.yaml"] = "lock"
            files["node_modules/.bin/\(manager)"] = """
                #!/bin/sh
                echo "\(manager) was asked: $*"
                case "$1" in install) mkdir -p node_modules/greeting && cp lib/greeting/* node_modules/greeting ;; esac
                """
            let program = try await site.makeApp("shop", files: files)
            try await program.git(["update-index", "--chmod=+x", "node_modules/.bin/\(manager)"])
            try await program.git(["commit", "-q", "-m", "may run"])
            let push = try await program.push()
            #expect(push.contains("release 1 is live"), "\(push)")
            let install =
                manager == "yarn"
                ? "install --frozen-lockfile --production=false" : "install --frozen-lockfile --prod=false"
            for asked in [install, "run heroku-prebuild", "run heroku-postbuild"] {
                #expect(push.contains("\(manager) was asked: \(asked)"), "\(push)")
            }
            #expect(try await answer(site)["greet"] as? String == "hello")
        }
    }

    @Test("a program in a folder of its repository; what it does not watch deploys nothing")
    func folder() async throws {
        try await Site.run { site in
            let program = Program(path: "\(site.folder.path)/mono")
            let bare = "\(site.folder.path)/mono.git"
            _ = try await run("git", ["init", "-q", "--bare", "-b", "main", bare])
            try FileManager.default.createDirectory(atPath: program.path, withIntermediateDirectories: true)
            try await program.git(["init", "-q", "-b", "main"])
            let files = try files("1.0.0").map { ("apps/the shop/\($0)", $1) }
            try await program.commit(Dictionary(uniqueKeysWithValues: files))
            try await program.git(["push", "-q", bare, "main"])
            try "secret".write(toFile: "\(site.folder.path)/secret", atomically: true, encoding: .utf8)
            // A push that was missed is found at the start.
            try await site.kill9("flock-hook")
            let entry = """

                hook:
                  listen: "127.0.0.1:\(site.hookPort)"
                  artifacts: "127.0.0.1:\(site.artifactsPort)"
                  repositories:
                    - {url: "\(bare)", path: "apps/the shop", secret: {file: secret}, branches: {main: production},
                       watch: ["apps/the shop/**", "lib/*.js"]}

                """
            let old = try String(contentsOfFile: site.config, encoding: .utf8)
            let rest = old.split(separator: "\n").filter { !$0.hasPrefix("hook:") }.joined(separator: "\n")
            try (rest + entry).write(toFile: site.config, atomically: true, encoding: .utf8)
            try await site.start("flock-hook")
            #expect(try await answer(site)["built"] as? Bool == true)
            try await eventually("the first is live") { try await site.flock(["deploys"]).output.contains("release 1") }

            func push(_ file: String) async throws -> String {
                let old = try await program.git(["rev-parse", "HEAD"]).output.trimmingCharacters(in: .newlines)
                try await program.commit([file: "new"])
                let new = try await program.git(["rev-parse", "HEAD"]).output.trimmingCharacters(in: .newlines)
                try await program.git(["push", "-q", bare, "main"])
                let deliver =
                    "echo \(old) \(new) refs/heads/main | \"$0\" deliver --config \"$1\" --repository \"$2\" --secret-file \"$3\""
                return try await run(
                    "sh", ["-c", deliver, Binary.path("flock"), site.config, bare, "\(site.folder.path)/secret"]
                ).output
            }
            let outside = try await push("README")
            #expect(outside.contains("nothing that is watched has changed since deploy 1"), "\(outside)")
            #expect(try await site.flock(["deploys", "--json"]).output.contains("nothing_watched"))
            let inside = try await push("lib/new.js")
            #expect(inside.contains("release 2 is live"), "\(inside)")
        }
    }
}
