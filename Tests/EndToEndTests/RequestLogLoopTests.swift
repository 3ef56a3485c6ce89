import FlockTesting
import Foundation
import Testing

/// What a line says is tested with HAProxy alone in `FlockHAProxyTests`; this is how lines travel with all daemons.
@Suite struct RequestLogLoopTests {
    private func paths(in text: String) -> [String] {
        text.split(separator: "\n").filter { $0.hasPrefix("{\"time\":") }.compactMap { line in
            (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["path"] as? String
        }
    }

    @Test("requests are in a file, also those of a time without flock-haproxy; then on standard output")
    func linesTravel() async throws {
        try await Site.run { site in
            let file = "\(site.state)/haproxy/requests.log"
            func logged() -> [String] { paths(in: (try? String(contentsOfFile: file, encoding: .utf8)) ?? "") }
            let program = try await site.makeApp("hello", files: HelloApp.files(version: "1.0.0"))
            try await program.push()
            try await eventually("the app answers") { try await site.request("hello.flock.test").status == 200 }
            try await eventually("its request is in the log") { logged().contains("/") }

            try await site.kill9("flock-haproxy")
            for number in 0..<3 { _ = try await site.request("hello.flock.test", "/away/\(number)?token=secret") }
            try await site.start("flock-haproxy")
            try await eventually("what was asked meanwhile is there, once") {
                logged().filter { $0.hasPrefix("/away") } == (0..<3).map { "/away/\($0)" }
            }

            let shown = try await site.flock(["logs", "--requests", "hello", "-n", "2"]).output.split(separator: "\n")
            #expect(shown.count == 2, "\(shown)")
            #expect(shown.last?.contains("  200  GET  hello.flock.test/away/2  ") == true, "\(shown)")
            let lines = try await site.flock(["logs", "--requests", "--json", "-n", "3"]).output
            #expect(paths(in: lines) == (0..<3).map { "/away/\($0)" }, "\(lines)")
            #expect(try await site.flock(["logs", "--requests", "hell"]).output.isEmpty)
            #expect(try await !site.flock(["logs"]).isSuccess)

            let settings = try String(contentsOfFile: site.config, encoding: .utf8)
            try settings.replacing("http: {listen:", with: "http: {log: stdout, listen:")
                .write(toFile: site.config, atomically: true, encoding: .utf8)
            try await eventually("a request is on standard output") {
                _ = try await site.request("hello.flock.test", "/shown")
                return paths(in: site.log("flock-haproxy")).contains("/shown")
            }
        }
    }
}
