import FlockTesting
import Foundation
import Testing

/// What builds and apps print reaches people byte for byte, but for bytes that are not UTF-8.
@Suite(.serialized)
struct OutputTests {
    /// Of a byte that is none of UTF-8, characters of two bytes, and a line break of two.
    private static let lines = (1...4000).map { "\($0) \u{FFFD} \(String(repeating: "\u{E4}", count: 40))" }
    private static let script = """
        exports.print = (from, to) => {
          for (let i = from; i <= to; i++) process.stdout.write(Buffer.concat([
            Buffer.from(`${i} `), Buffer.from([0xff]), Buffer.from(` ${"\u{E4}".repeat(40)}${i % 2 ? "\\r" : ""}\\n`)]));
        };
        if (require.main === module) exports.print(1, 4000);
        """
    private static let server = """
        const { print } = require("./print.js");
        require("node:http").createServer((request, response) => {
          const [from, to] = request.url.slice(1).split("-").map(Number);
          if (to) print(from, to);
          response.end("ok");
        }).listen(process.env.PORT, process.env.HOST);
        """

    private func plain(_ text: String) -> [String] {
        text.utf8.split(separator: UInt8(ascii: "\n")).map { String(Substring($0)).filter { $0 != "\r" } }
    }

    @Test("every line of a build and of an app arrives once, whatever bytes it has")
    func bytes() async throws {
        try await Site.run { site in
            let program = try await site.makeApp(
                "shop",
                files: [
                    "package.json": #"""
                    {"name": "shop", "version": "1.0.0", "scripts": {"start": "node server.js"},
                     "flock": {"build": "node print.js"}}
                    """#,
                    "print.js": Self.script, "server.js": Self.server,
                ])
            let push = try await program.push()
            #expect(push.contains("release 1 is live"), "\(push.suffix(2000))")
            let log = plain(try await site.flock(["logs", "--deploy", "1"]).output)
            #expect(log.filter { $0.contains(" \u{FFFD} ") } == Self.lines)

            func request(_ path: String) async throws {
                try await eventually("it answers") { try await site.request("shop.flock.test", path).status == 200 }
            }
            try await request("/1-5")
            let follower = try Binary.start(
                "flock", ["logs", "shop", "-f", "--stdout", "--config", site.config],
                log: "\(site.folder.path)/followed")
            defer { follower.signal(SIGTERM) }
            for end in [5, 6, 4000] {
                if end > 5 { try await request(end == 6 ? "/6-6" : "/7-4000") }
                try await eventually("\(end) lines are shown", or: "\(plain(follower.output).count)") {
                    plain(follower.output).count >= end
                }
                #expect(plain(follower.output) == Array(Self.lines.prefix(end)))
            }
        }
    }
}
