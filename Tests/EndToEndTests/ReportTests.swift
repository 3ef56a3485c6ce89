import FlockTesting
import Foundation
import Testing

/// Forges and chats hear how deploys go, and never stand in their way.
struct ReportTests {
    @Test("a forge that does not answer neither delays nor fails a deploy; the chat hears of it; no secret is logged")
    func silentForge() async throws {
        let forge = try await TinyServer { _, _ in .silence }
        let chat = try await StandInForge()
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try "s3cret-token\n".write(toFile: "\(site.folder.path)/token", atomically: true, encoding: .utf8)
            try "\(chat.address)/s3cret-hook\n".write(
                toFile: "\(site.folder.path)/slack", atomically: true, encoding: .utf8)
            try await site.deploys(
                ["main": "production"], of: "hello",
                more: [
                    "report: {forge: github, api: \"http://127.0.0.1:\(forge.port)\", project: acme/hello, "
                        + "token: {file: token}}",
                    "slack: {file: slack}",
                ])
            #expect(try await program.push().contains("release 1 is live"))
            try await eventually("the chat hears of it", within: .seconds(60)) {
                chat.told.contains { $0.body.contains("hello 1.0.0") && $0.body.contains("release 1 is live") }
            }
            #expect(!site.log("flock-hook").contains("s3cret"))
        }
        try await chat.stop()
        try await forge.stop()
    }

    @Test("GitHub hears of a push: pending, a deployment, success with the app's address")
    func github() async throws {
        let forge = try await StandInForge()
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try "s3cret-token\n".write(toFile: "\(site.folder.path)/token", atomically: true, encoding: .utf8)
            try await site.deploys(
                ["main": "production"], of: "hello",
                more: ["report: {forge: github, api: \"\(forge.address)\", project: acme/hello, token: {file: token}}"])
            #expect(try await program.push().contains("release 1 is live"))
            let commit = try await program.git(["rev-parse", "HEAD"]).output.prefix(40)
            try await eventually("its end is told") {
                forge.told.contains { $0.path.hasSuffix("/deployments/42/statuses") && $0.body.contains("success") }
            }
            let statuses = forge.told.filter { $0.path == "/repos/acme/hello/statuses/\(commit)" }.map(\.body)
            #expect(statuses.last?.contains(#""state":"success","target_url":"http://hello.flock.test"#) == true)
            #expect(forge.told.contains { $0.path == "/repos/acme/hello/deployments" })
        }
        try await forge.stop()
    }
}
