import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

/// Two versions of one app share its visitors, by command.
@Suite(.serialized)
struct CanaryTests {
    @Test("flock canary gives a share to another version, tells it, and ends it; mistakes are explained")
    func share() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            try await program.commit(HelloApp.files(version: "2.0.0"))
            try await program.push()
            try await eventually("version 2 answers") {
                try await site.request("hello.flock.test").body.hasPrefix("2.0.0")
            }

            let begun = try await site.flock(["canary", "hello", "1.0.0", "--percent", "50"])
            #expect(begun.output == "50 % of the visitors of hello get /hello-1.0.0, the others /hello-2.0.0.\n")
            try await eventually("both versions answer") {
                var versions: Set<Substring> = []
                for _ in 0..<12 { versions.insert(try await site.request("hello.flock.test").body.prefix(5)) }
                return versions == ["1.0.0", "2.0.0"]
            }
            #expect(try await site.flock(["canary", "hello"]).output == begun.output)
            #expect(try await site.flock(["canary", "hello", "--json"]).output.contains(#""percent" : 50"#))

            #expect(try await site.flock(["canary", "hello", "--off"]).output.contains("All visitors of hello get"))
            try await eventually("one version answers") {
                for _ in 0..<12 where !(try await site.request("hello.flock.test").body.hasPrefix("2.0.0")) {
                    return false
                }
                return true
            }

            for (arguments, says) in [
                (["nobody"], "no release of \"nobody\""),
                (["hello", "7.0.0", "--percent", "10"], "there is no /hello-7.0.0"),
                (["hello", "2.0.0", "--percent", "10"], "already"),
                (["hello", "1.0.0", "--percent", "100"], "use 1 to 99"),
                (["hello", "1.0.0"], "go together"),
                (["hello", "x", "--percent", "10"], "[version_invalid]"),
            ] {
                let ran = try await site.flock(["canary"] + arguments)
                #expect(!ran.isSuccess && ran.output.contains(says), "\(ran.output)")
            }
        }
    }

    private static let daemons = ["flock-engine", "flock-hook"]
    private static let parts: [StateFolder.Part] = [.engine, .hook]

    @Test("a canary during a deploy comes after it, and is not lost with it")
    func duringDeploy() async throws {
        try await Site.run(daemons: Self.daemons, parts: Self.parts) { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            let slow = "node -e 'setTimeout(() => require(\\\"./server.js\\\"), 2000)'"
            try await program.commit(HelloApp.files(version: "2.0.0", start: slow))
            async let push = program.push()
            try await eventually("the deploy waits for its check") {
                try await site.flock(["deploys"]).output.contains("verifying")
            }
            let begun = try await site.flock(["canary", "hello", "1.0.0", "--percent", "10"])
            #expect(
                begun.output == "10 % of the visitors of hello get /hello-1.0.0, the others /hello-2.0.0.\n",
                "\(begun.output)")
            #expect(try await push.contains("release 2 is live"))
            let record = try #require(try await site.record(of: "hello"))
            #expect(record.number == 2 && record.canary == .init(target: "/hello-1.0.0", percent: 10))
        }
    }

    @Test("canaries and rollbacks at once: every one holds, one after the other")
    func atOnce() async throws {
        try await Site.run(daemons: Self.daemons, parts: Self.parts) { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            for version in ["2.0.0", "3.0.0"] {
                try await program.commit(HelloApp.files(version: version))
                try await program.push()
            }
            for round in 0..<3 {
                // What the canary may share visitors with changes under it; 2.0.0 is never what all get.
                async let rollback = site.flock(["rollback", "hello", round.isMultiple(of: 2) ? "1" : "3"])
                async let canary = site.flock(["canary", "hello", "2.0.0", "--percent", "\(round + 1)"])
                let (rolledBack, shared) = try await (rollback, canary)
                #expect(rolledBack.isSuccess && shared.isSuccess, "\(rolledBack.output) \(shared.output)")
                let record = try #require(try await site.record(of: "hello"))
                let target = round.isMultiple(of: 2) ? "/hello-1.0.0" : "/hello-3.0.0"
                #expect(record.number == 4 + round && record.target == target)
                // The canary that came second has the share; one that came first was ended by the release.
                let isSecond = shared.output.contains("the others \(target)")
                #expect((record.canary?.percent == round + 1) == isSecond, "\(record)")
            }
        }
    }

    @Test("a version stays while a canary of it is served, though it is too old, and goes afterwards")
    func retained() async throws {
        try await Site.run(
            settings: ["hook.keep=0", "hook.resync=1s"], daemons: Self.daemons, parts: Self.parts
        ) { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            for version in ["2.0.0", "3.0.0"] {
                try await program.commit(HelloApp.files(version: version))
                try await program.push()
            }
            #expect(try await site.flock(["canary", "hello", "1.0.0", "--percent", "10"]).isSuccess)
            for id in ["/hello-1.0.0", "/hello-2.0.0"] {
                _ = try await site.marathon.scale(id, to: 0, force: true)
                try await eventually("\(id) sleeps") { try await site.marathon.app(id)?.tasks?.isEmpty != false }
            }
            try await eventually("2.0.0 is gone") { try await site.marathon.app("/hello-2.0.0") == nil }
            #expect(try await site.marathon.app("/hello-1.0.0") != nil)

            #expect(try await site.flock(["canary", "hello", "--off"]).isSuccess)
            try await eventually("1.0.0 is gone") { try await site.marathon.app("/hello-1.0.0") == nil }
            let late = try await site.flock(["canary", "hello", "1.0.0", "--percent", "10"])
            #expect(late.status == 1 && late.output.contains("[version_unknown]"), "\(late.output)")
        }
    }

    @Test("without flock-hook a canary is told, and changed by nobody")
    func withoutHook() async throws {
        try await Site.run(daemons: Self.daemons, parts: Self.parts) { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            try await site.kill9("flock-hook")
            #expect(try await site.flock(["canary", "hello"]).output == "All visitors of hello get /hello-1.0.0.\n")
            let refused = try await site.flock(["canary", "hello", "--off"])
            #expect(refused.status == 69 && refused.output.contains("[part_unreachable]"), "\(refused.output)")
        }
    }
}

extension Site {
    /// What visitors of a slug get, as Marathon has it.
    func record(of slug: String) async throws -> ReleaseRecord? {
        guard let slug = Slug(slug) else { return nil }
        return try await marathon.app(ReleaseRecord.id(for: slug)).flatMap(ReleaseRecord.init)
    }
}
