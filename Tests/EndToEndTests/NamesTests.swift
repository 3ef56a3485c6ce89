import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

/// A name goes from one repository to another.
@Suite(.serialized)
struct NamesTests {
    @Test("flock names release lets another repository have the name; what is served stays, and its numbers go on")
    func release() async throws {
        try await Site.run(daemons: ["flock-engine", "flock-hook"], parts: [.engine, .hook]) { site in
            let old = try await site.makeApp("old", files: HelloApp.files(name: "shop", version: "1.0.0"))
            let new = try await site.makeApp("new", files: HelloApp.files(name: "shop", version: "2.0.0"))
            #expect(try await site.flock(["names"]).output.hasPrefix("None yet."))
            #expect(try await old.push().contains("release 1 is live"))
            let refused = try await new.push()
            #expect(refused.contains(#"the name "shop" belongs to \#(site.state)/git/old.git"#), "\(refused)")
            #expect(refused.contains(#"run "flock names release shop" and push again"#), "\(refused)")
            #expect(try await site.deploys().last?.code == "name_taken")

            let rows = try await site.flock(["names"]).output.split(separator: "\n").map {
                $0.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
            }
            #expect(rows[0] == ["NAME", "REPOSITORY", "SINCE"] && rows.count == 2)
            #expect(rows[1].starts(with: ["shop", "\(site.state)/git/old.git"]) && rows[1].last == "ago", "\(rows)")

            let unasked = try await site.flock(["names", "release", "shop"])
            #expect(unasked.status == 1 && unasked.output.contains("[confirmation_needed]"), "\(unasked.output)")
            let denied = try await site.flock(["names", "release", "shop"], answering: "n")
            #expect(denied.status == 1 && denied.output.contains("Nothing was changed."), "\(denied.output)")
            #expect(denied.output.contains("serves /shop-1.0.0, v1, and goes on doing so."), "\(denied.output)")
            #expect(try await site.flock(["names"]).output.contains("old.git"))

            let released = try await site.flock(["names", "release", "shop"], answering: "y")
            #expect(released.isSuccess && released.output.contains("has it."), "\(released.output)")
            #expect(try await site.record(of: "shop")?.target == "/shop-1.0.0")
            #expect(try await site.marathon.app("/shop-1.0.0") != nil)

            try await new.git(["commit", "-q", "--allow-empty", "-m", "again"])
            #expect(try await new.push().contains("release 2 is live"))
            #expect(try await site.flock(["names", "--json"]).output.contains("git/new.git"))
            try await old.git(["commit", "-q", "--allow-empty", "-m", "again"])
            #expect(try await old.push().contains("flock names release shop"))
            // The one who has the name can go back to what was served under it.
            #expect(try await site.flock(["rollback", "shop"]).output.contains("/shop-1.0.0, rollback to v1"))

            let scripted = try await site.flock(["names", "release", "shop", "--yes", "--json"])
            #expect(scripted.isSuccess && scripted.output.contains("git/new.git"), "\(scripted.output)")
            for more in [["--yes"], []] {
                let unknown = try await site.flock(["names", "release", "shop"] + more)
                #expect(unknown.status == 1 && unknown.output.contains("[name_unknown]"), "\(unknown.output)")
            }
        }
    }

    @Test("the end of a branch of the former owner leaves the preview of the new one alone")
    func previews() async throws {
        try await Site.run(daemons: ["flock-engine", "flock-hook"], parts: [.engine, .hook]) { site in
            let old = try await site.makeApp("old", files: HelloApp.files(name: "shop", version: "1.0.0"))
            let new = try await site.makeApp("new", files: HelloApp.files(name: "shop", version: "2.0.0"))
            try await site.previewsAll(of: ["old", "new"])
            for branch in ["topic", "zoo"] {
                try await old.git(["commit", "-q", "--allow-empty", "-m", branch])
                #expect(try await old.push("main:\(branch)").contains("live at http://\(branch)--shop"))
            }
            #expect(try await site.flock(["names", "release", "shop", "--yes"]).isSuccess)
            #expect(try await new.push("main:topic").contains("live at http://topic--shop"))
            try await old.git(["push", "flock", ":topic", ":zoo"])
            // Branches are tidied up after in the order of their names.
            try await eventually("the old one's own preview is gone") {
                try await site.marathon.app("/preview/zoo/shop") == nil
            }
            #expect(try await site.marathon.app("/preview/topic/shop")?.labels[Label.version] == "2.0.0")
        }
    }
}

extension Site {
    /// All branches but main of repositories of `flock repo create`.
    fileprivate func previewsAll(of names: [String]) async throws {
        try await deploys(["main": "production", "*": "preview"], of: names[0])
        let others = names.dropFirst().map { name in
            """
                - url: \(state)/git/\(name).git
                  secret: {file: \(state)/secrets/\(name)}
                  branches: {main: production, "*": preview}

            """
        }
        let text = try String(contentsOfFile: config, encoding: .utf8)
        try text.replacing("  repositories:\n", with: "  repositories:\n" + others.joined())
            .write(toFile: config, atomically: true, encoding: .utf8)
        try await kill9("flock-hook")
        try await start("flock-hook")
        try await isHealthy([.hook])
    }

    /// On a terminal, which `script` makes.
    fileprivate func flock(_ arguments: [String], answering answer: String) async throws -> Ran {
        let command = ([Binary.path("flock")] + arguments + ["--config", config]).joined(separator: " ")
        return try await FlockTesting.run(
            "sh", ["-c", "echo \(answer) | script -qec '\(command)' /dev/null"])
    }
}
