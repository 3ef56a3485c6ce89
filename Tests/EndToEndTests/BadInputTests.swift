import AsyncHTTPClient
import FlockCore
import FlockTesting
import Foundation
import Marathon
import NIOCore
import NIOHTTP1
import Testing

/// What is wrong is said clearly, and nothing changes.
@Suite(.serialized)
struct BadInputTests {
    @Test("hostile and broken deliveries: 401, 413, 400, and nothing is deployed")
    func deliveries() async throws {
        try await Site.run { site in
            _ = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            let push = """
                {"ref": "refs/heads/main", "after": "\(String(repeating: "a", count: 40))",
                 "repository": {"clone_url": "\(site.state)/git/hello.git"}}
                """
            let forged = ["X-Hub-Signature-256": "sha256=" + String(repeating: "0", count: 64)]
            #expect(try await deliver(site, Array(push.utf8), forged) == 401)
            #expect(try await deliver(site, Array(push.utf8), [:]) == 401)
            #expect(
                try await deliver(site, Array(push.replacingOccurrences(of: "hello", with: "other").utf8), forged)
                    == 401)
            #expect(try await deliver(site, Array("{\"ref\":".utf8), forged) == 400)
            #expect(try await deliver(site, [UInt8](repeating: 32, count: 30 << 20), forged) == 413)
            #expect(try await site.flock(["deploys"]).output.contains("Nothing was pushed yet"))
            #expect(try await site.marathon.apps().isEmpty)
        }
    }

    @Test("a package.json with an error: the push says file, key and what is right")
    func packages() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: ["README": "no package.json"])
            // It would refuse them before there is a deploy.
            try FileManager.default.removeItem(atPath: "\(site.state)/git/hello.git/hooks/pre-receive")
            let good = HelloApp.files(version: "1.0.0")
            let package = good["package.json"] ?? ""
            let cases = [
                (nil, "package.json: is missing"),
                ("{\"name\": ", "package.json: is not valid JSON"),
                (
                    package.replacingOccurrences(of: "\"flock\": {}", with: "\"flock\": {\"instances\": -1}"),
                    "package.json: flock.instances: is -1; use 0 to 1000"
                ),
                (
                    package.replacingOccurrences(of: "\"flock\": {}", with: "\"flock\": {\"cpus\": \"x\"}"),
                    "package.json: flock.cpus: is \"x\"; it has to be a number"
                ),
                (
                    package.replacingOccurrences(of: "\"hello\"", with: "\"../etc\""),
                    "package.json: name: the name has a \"/\""
                ),
            ]
            for (text, expected) in cases {
                if let text { try await program.commit(["package.json": text]) }
                let push = try await program.push()
                #expect(push.contains(expected), "\(push)")
            }
            #expect(try await site.marathon.apps().isEmpty)
        }
    }

    @Test("a tag, a deleted and an unmapped branch deploy nothing and say why, to the pusher and in flock deploys")
    func refs() async throws {
        try await Site.run { site in
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.git(["tag", "v1"])
            #expect(try await program.push("v1").contains("ignored: tag v1 is no branch"))
            #expect(
                try await program.push("main:develop").contains(
                    "ignored: branch develop is not mapped; mapped: main → production"))
            #expect(try await program.push(":develop").contains("ignored: branch develop was deleted"))
            let deploys = try await site.flock(["deploys"]).output
            #expect(deploys.contains("branch develop is not mapped") && deploys.contains("branch develop was deleted"))
            #expect(try await site.marathon.apps().isEmpty)
        }
    }

    @Test("flock.yaml with an unknown key: exit status 78, with line, column and a hint")
    func unknownKey() async throws {
        let folder = try TemporaryFolder()
        try "state: \(folder.path)/state\nscaler:\n  idelAfter: 5s\n".write(
            toFile: "\(folder.path)/flock.yaml", atomically: true, encoding: .utf8)
        let binary = try Binary.start(
            "flock-scaler", ["--config", "\(folder.path)/flock.yaml"], log: "\(folder.path)/log")
        defer { binary.signal(SIGKILL) }
        #expect(try await binary.status() == 78)
        #expect(binary.output.contains("flock.yaml:3:3: scaler.idelAfter: unknown key"), "\(binary.output)")
        #expect(binary.output.contains("did you mean \"idleAfter\"?"))
    }

    @Test("a port in use: named, with who has it and how to change it")
    func portInUse() async throws {
        try await Site.run { site in
            let folder = try TemporaryFolder()
            let binary = try Binary.start(
                "flock-engine",
                ["--state", "\(folder.path)/state", "--set", "engine.listen=127.0.0.1:\(site.enginePort)"],
                log: "\(folder.path)/log")
            defer { binary.signal(SIGKILL) }
            #expect(try await binary.status() == 71)
            #expect(binary.output.contains("port \(site.enginePort) is taken by flock-engine"), "\(binary.output)")
            #expect(binary.output.contains("--set engine.listen="))
        }
    }

    @Test("Marathon not reachable: said once, retried, recovered from")
    func marathonAway() async throws {
        try await Site.run(daemons: ["flock-engine"], parts: [.engine]) { site in
            // Later than the engine, or they would miss it before.
            for daemon in Site.daemons where daemon != "flock-engine" { try await site.start(daemon) }
            try await site.isHealthy()
            try await site.kill9("flock-engine")
            let complaints = { (daemon: String) in
                site.log(daemon).components(separatedBy: "Marathon does not answer").count - 1
            }
            for daemon in ["flock-haproxy", "flock-backup", "flock-scaler"] {
                try await eventually("\(daemon) says so") { complaints(daemon) == 1 }
            }
            try await site.start("flock-engine")
            try await site.isHealthy()
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            #expect(try await program.push().contains("release 1 is live"))
            try await eventually("it answers") { try await site.request("hello.flock.test").status == 200 }
            for daemon in ["flock-haproxy", "flock-backup", "flock-scaler"] { #expect(complaints(daemon) == 1) }
        }
    }

    /// - Returns: the status.
    private func deliver(_ site: Site, _ body: [UInt8], _ headers: [String: String]) async throws -> Int {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(site.hookPort)/github")
        request.method = .POST
        request.headers = [
            "X-GitHub-Event": "push", "X-GitHub-Delivery": UUID().uuidString, "Content-Type": "application/json",
        ]
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        return Int(try await site.http.execute(request, timeout: .seconds(30)).status.code)
    }
}
