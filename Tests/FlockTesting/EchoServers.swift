import Foundation

/// Servers that answer with what they were asked, as JSON, each with its own port.
public struct EchoServers: Sendable {
    public let ports: [Int]

    /// What a server saw of a request.
    public struct Seen: Decodable, Sendable {
        public var port: Int
        public var method: String
        public var url: String
        public var headers: [String: String]
    }

    private static let program = """
        const http = require("node:http");
        for (const port of process.argv.slice(1).map(Number)) {
          http.createServer((request, response) => {
            request.resume();
            request.on("end", () => {
              const { method, url, headers } = request;
              response.setHeader("Content-Type", url.startsWith("/page") ? "text/html" : "application/json");
              response.end(JSON.stringify({ port, method, url, headers }));
            });
          }).listen(port, "127.0.0.1");
        }

        """

    /// Starts so many, hands them to the test, and ends them, however the test ends.
    public static func run(_ count: Int, _ test: (EchoServers) async throws -> Void) async throws {
        let servers = EchoServers(ports: try await freePorts(count))
        try await NodeProgram.run(program, ports: servers.ports) { try await test(servers) }
    }
}
