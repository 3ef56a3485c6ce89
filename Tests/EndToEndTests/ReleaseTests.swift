import FlockCore
import FlockTesting
import Foundation
import Marathon
import Testing

/// What was released can be had again.
@Suite(.serialized)
struct ReleaseTests {
    @Test("flock rollback serves the old app again without starting one, as a new release; mistakes are explained")
    func rollback() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            try await program.commit(HelloApp.files(version: "2.0.0"))
            try await program.push()
            let launches = site.launches

            let back = try await site.flock(["rollback", "hello"])
            #expect(back.output.hasPrefix("v3 of hello is live at http://hello.flock.test"), "\(back.output)")
            #expect(back.output.contains("/hello-1.0.0, rollback to v1"))
            #expect(site.launches == launches)
            try await site.serves("1.0.0")

            let again = try await site.flock(["rollback", "hello", "v2", "--json"])
            #expect(again.output.contains(#""source" : 2"#), "\(again.output)")
            try await site.serves("2.0.0")

            let list = try await site.flock(["releases", "hello"]).output
            let rows = list.split(separator: "\n").dropFirst().map {
                $0.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
            }
            #expect(rows.map { $0[1] } == ["v4", "v3", "v2", "v1"], "\(list)")
            #expect(rows.map { $0[4] } == ["current", "ready", "ready", "ready"], "\(list)")
            #expect(try await site.flock(["releases"]).output.contains("v4"))

            for (arguments, says) in [
                (["rollback", "hello", "9"], "hello has no release v9; there are: v4, v3, v2, v1 [release_unknown]"),
                (["rollback", "hello", "4"], "already, as v4 [release_current]"),
                (["rollback", "nobody"], "\"flock apps\" lists what there is [release_unknown]"),
                (["rollback", "../x"], "is no name of an app"),
                (["promote", "hello", "7.0.0"], "released were: 1.0.0, 2.0.0 [version_unknown]"),
                (["promote", "hello", "x"], "[version_unknown]"),
                (["promote", "x--hello"], "there is no preview x--hello; none is there [preview_unknown]"),
            ] {
                let ran = try await site.flock(arguments)
                #expect(ran.status == 1 && ran.output.contains(says), "\(ran.output)")
            }
        }
    }

    @Test("a version that was replaced in place, and one whose app is gone, are started again from what is kept")
    func kept() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            var files = HelloApp.files(version: "1.0.0")
            files["server.js"] = HelloApp.server.replacingOccurrences(of: "${version}", with: "second ${version}")
            try await program.commit(files)
            try await program.push()
            try await site.serves("second 1.0.0")

            #expect(try await site.flock(["releases", "hello"]).output.contains("kept"))
            let back = try await site.flock(["rollback", "hello", "1"])
            #expect(back.output.hasPrefix("v3 of hello is live"), "\(back.output)")
            try await site.serves("1.0.0")

            _ = try await site.marathon.delete("/hello-1.0.0")
            try await eventually("the app is gone") { try await site.marathon.app("/hello-1.0.0") == nil }
            let other = try await site.flock(["rollback", "hello", "2"])
            #expect(other.isSuccess, "\(other.output)")
            try await site.serves("second 1.0.0")

            for name in try FileManager.default.contentsOfDirectory(atPath: "\(site.state)/artifacts") {
                try FileManager.default.removeItem(atPath: "\(site.state)/artifacts/\(name)")
            }
            let refused = try await site.flock(["rollback", "hello", "1"])
            #expect(refused.status == 1 && refused.output.contains("[code_gone]"), "\(refused.output)")
            try await site.serves("second 1.0.0")
        }
    }

    @Test("flock promote makes a preview production's release, with production's names and without another build")
    func promote() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await site.deploys(["main": "production", "*": "preview"], of: "hello")
            try await program.push()
            try await program.commit(HelloApp.files(version: "1.1.0", flock: #"{"hosts": ["hello.example"]}"#))
            #expect(try await program.push("main:feature").contains("live at http://feature--hello.flock.test"))
            try await site.serves("1.0.0")

            let promoted = try await site.flock(["promote", "feature--hello"])
            #expect(promoted.output.hasPrefix("v2 of hello is live at"), "\(promoted.output)")
            #expect(promoted.output.contains("/hello-1.1.0, preview feature promoted"))
            try await site.serves("1.1.0")
            try await site.serves("1.1.0", at: "hello.example")
            try await site.serves("1.1.0", at: "hello-1-1-0.flock.test")
            let app = try #require(try await site.marathon.app("/hello-1.1.0"))
            #expect(app.labels[Label.preview] == nil && app.labels[Label.release] == "2")
            #expect(app.definition.uris == (try await site.marathon.app("/preview/feature/hello"))?.definition.uris)

            #expect(try await site.flock(["promote", "hello", "1.0.0"]).output.hasPrefix("v3 of hello"))
            try await site.serves("1.0.0")
        }
    }

    @Test("a rollback during a deploy comes after it")
    func oneAfterTheOther() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            let gate = try await Gate()
            var files = HelloApp.files(version: "2.0.0")
            files["hello.js"] = HelloApp.server
            files["server.js"] = gate.passing("require('./hello.js')")
            try await program.commit(files)
            async let push = program.push()
            try await eventually("the deploy waits for its check") {
                try await site.flock(["deploys"]).output.contains("verifying")
            }
            async let back = site.flock(["rollback", "hello", "1"])
            // Nothing tells that it has come.
            try await Task.sleep(for: .milliseconds(500))
            gate.open()
            let output = try await back.output
            #expect(output.hasPrefix("v3 of hello is live"), "\(output)")
            #expect(try await push.contains("release 2 is live"))
            try await site.serves("1.0.0")
            try await gate.stop()
        }
    }
}

extension Site {
    /// Waits until an app's version answers at its host.
    fileprivate func serves(_ version: String, at host: String = "hello.flock.test") async throws {
        try await eventually("\(version) answers at \(host)") {
            try await request(host).body.hasPrefix(version + " ")
        }
    }
}
