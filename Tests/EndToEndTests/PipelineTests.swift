import FlockTesting
import Foundation
import Testing
import Yams

/// The shell steps of the GitHub Action and of GitLab's job, against a real flock-hook.
@Suite(.serialized)
struct PipelineTests {
    private static func yaml(_ name: String) throws -> Node {
        let text = try String(contentsOfFile: "\(HookScriptTests.folder)/\(name)", encoding: .utf8)
        return try #require(try Yams.compose(yaml: text))
    }

    private static func list(_ node: Node?) -> [String] { node?.sequence?.compactMap(\.string) ?? [] }

    @Test("the action delivers a push, once however often it is tried; a wrong secret fails the job")
    func action() async throws {
        let action = try Self.yaml("github-action/action.yml")
        let step = try #require(action["runs"]?["steps"]?.sequence?.first)
        let script = try #require(step["run"]?.string)
        #expect(action["runs"]?["using"]?.string == "composite" && step["shell"]?.string == "sh")
        try await Site.run { site in
            let program = try await Self.program(site)
            let commit = try await program.git(["rev-parse", "HEAD"]).output.prefix(40)
            /// What GitHub would put in the place of its expressions.
            let values = [
                "inputs.url": "http://127.0.0.1:\(site.hookPort)/", "inputs.secret": try Self.secret(site),
                "inputs.repository": "\(site.state)/git/hello.git", "github.ref": "refs/heads/main",
                "github.sha": String(commit),
            ]
            var environment = ["GITHUB_ACTION_PATH": "\(HookScriptTests.folder)/github-action"]
            for (name, value) in try #require(step["env"]?.mapping) {
                let expression = (value.string ?? "").dropFirst(4).dropLast(3)
                let known: String = try #require(values[String(expression)], "\(expression)")
                environment[name.string ?? ""] = known
            }
            let ran = try await run("sh", ["-e", "-c", script], environment: environment)
            #expect(ran.isSuccess && ran.output.contains("\"deploy\":"), "\(ran.output)")
            try await eventually("it is deployed") { try await site.request("hello.flock.test").status == 200 }

            environment["FLOCK_SECRET"] = "wrong"
            let refused = try await run("sh", ["-e", "-c", script], environment: environment)
            #expect(refused.status == 1 && refused.output.contains("answered 401"), "\(refused.output)")
            environment["FLOCK_SECRET"] = ""
            let empty = try await run("sh", ["-e", "-c", script], environment: environment)
            #expect(empty.status == 64 && empty.output.contains("FLOCK_SECRET is empty"))
        }
    }

    @Test("an odd branch name is data to the action, not a command, and is told whole")
    func oddBranch() async throws {
        try await Site.run { site in
            _ = try await Self.program(site)
            let environment = [
                "FLOCK_URL": "http://127.0.0.1:\(site.hookPort)", "FLOCK_SECRET": try Self.secret(site),
                "FLOCK_REPOSITORY": "\(site.state)/git/hello.git", "FLOCK_REF": "refs/heads/we\"ird/β$(id)",
                "FLOCK_COMMIT": String(repeating: "a", count: 40),
            ]
            let ran = try await run("sh", ["\(HookScriptTests.folder)/deliver.sh"], environment: environment)
            #expect(ran.isSuccess && ran.output.contains("branch_unmapped"), "\(ran.output)")
            #expect(try await site.flock(["deploys"]).output.contains("we\"ird/β$(id)"))
        }
    }

    @Test("GitLab's job delivers a push")
    func gitLab() async throws {
        let job = try #require(try Self.yaml("gitlab-ci.yml")["flock"])
        try await Site.run { site in
            let program = try await Self.program(site)
            let installed = try await run("sh", ["\(HookScriptTests.folder)/install.sh", "gitlab", program.path])
            #expect(installed.isSuccess, "\(installed.output)")
            let commit = try await program.git(["rev-parse", "HEAD"]).output.prefix(40)
            let environment = [
                "CI_PROJECT_URL": "\(site.state)/git/hello.git", "CI_COMMIT_BRANCH": "main",
                "CI_COMMIT_SHA": String(commit), "FLOCK_URL": "http://127.0.0.1:\(site.hookPort)",
                "FLOCK_SECRET": try Self.secret(site),
            ]
            // GitLab runs the lines of both in one shell, and ends with the first that fails.
            let lines = Self.list(job["before_script"]) + Self.list(job["script"])
            #expect(lines.count == 3)
            let ran = try await run(
                "sh", ["-e", "-c", lines.joined(separator: "\n")], in: program.path, environment: environment)
            #expect(ran.isSuccess && ran.output.contains("\"deploy\":"), "\(ran.output)")
            try await eventually("it is deployed") { try await site.request("hello.flock.test").status == 200 }
        }
    }

    @Test("the workflow is put where GitHub looks for it, lets the newest push win, and uses the action's inputs")
    func workflow() async throws {
        let folder = try TemporaryFolder()
        let installed = try await run("sh", ["\(HookScriptTests.folder)/install.sh", "github", folder.path])
        #expect(installed.output.contains(".github/workflows/deploy.yml"))
        let text = try String(contentsOfFile: "\(folder.path)/.github/workflows/deploy.yml", encoding: .utf8)
        let workflow = try #require(try Yams.compose(yaml: text))
        #expect(workflow["concurrency"]?["group"]?.string == "flock-${{ github.ref }}")
        #expect(workflow["concurrency"]?["cancel-in-progress"]?.bool == true)
        let steps = try #require(workflow["jobs"]?["deploy"]?["steps"]?.sequence)
        let uses = try #require(steps.first { $0["uses"]?.string?.contains("flock") == true })
        let inputs = try #require(try Self.yaml("github-action/action.yml")["inputs"]?.mapping)
        let given = try #require(uses["with"]?.mapping).keys.compactMap(\.string)
        let needed = inputs.filter { $0.value["required"]?.bool == true }.compactMap(\.key.string)
        #expect(Set(given) == Set(needed))
    }

    /// A program that is in its repository, and that flock-hook was not told of.
    private static func program(_ site: Site) async throws -> Program {
        let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
        for hook in ["post-receive", "pre-receive"] {
            try FileManager.default.removeItem(atPath: "\(site.state)/git/hello.git/hooks/\(hook)")
        }
        try await program.push()
        return program
    }

    private static func secret(_ site: Site) throws -> String {
        try String(contentsOfFile: "\(site.state)/secrets/hello", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
