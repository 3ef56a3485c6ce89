import FlockTesting
import Testing

/// Two versions of one app share its visitors, by command.
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
            ] {
                let ran = try await site.flock(["canary"] + arguments)
                #expect(!ran.isSuccess && ran.output.contains(says), "\(ran.output)")
            }
        }
    }
}
