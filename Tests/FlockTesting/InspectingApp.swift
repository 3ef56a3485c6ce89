import Foundation

/// A Node program that keeps what reached it, and tells it to those who ask its port.
public enum InspectingApp {
    public struct Seen: Decodable, Sendable {
        public var method: String
        public var url: String
        /// Names and values in turn, as they came.
        public var rawHeaders: [String]
        public var body: String

        /// All values of a header.
        public subscript(name: String) -> [String] {
            stride(from: 0, to: rawHeaders.count, by: 2).filter { rawHeaders[$0].lowercased() == name }
                .map { rawHeaders[$0 + 1] }
        }

        public var names: [String] { stride(from: 0, to: rawHeaders.count, by: 2).map { rawHeaders[$0].lowercased() } }
    }

    public static func files(name: String) -> [String: String] {
        [
            "server.js": server,
            "package.json": """
            {"name": "\(name)", "version": "1.0.0", "scripts": {"start": "node server.js"}, "checks": [{"path": "/health"}]}

            """,
        ]
    }

    private static let server = """
        let seen = [];
        require("node:http").createServer((request, response) => {
          const { method, url, rawHeaders } = request;
          if (url === "/health") return response.end("ok");
          if (url === "/seen") return response.end(JSON.stringify(seen.splice(0)));
          const entry = { method, url, rawHeaders, body: "" };
          seen.push(entry);
          request.setEncoding("latin1").on("data", (chunk) => (entry.body += chunk));
          request.on("end", () => response.end("seen"));
        }).listen(process.env.PORT, process.env.HOST);

        """
}
