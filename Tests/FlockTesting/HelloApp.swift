/// A Node program that says which version it is, echoes the size of what it gets, and counts its starts.
public enum HelloApp {
    public static let server = """
        const http = require("node:http");
        const { version } = require("./package.json");
        http.createServer((request, response) => {
          let bytes = 0;
          request.on("data", (chunk) => (bytes += chunk.length));
          request.on("end", () => response.end(`${version} ${request.method} ${bytes}`));
        }).listen(process.env.PORT, process.env.HOST);

        """

    public static func files(
        name: String = "hello", version: String, start: String = "node server.js", flock: String = "{}"
    )
        -> [String: String]
    {
        [
            "server.js": server,
            "package.json": """
            {"name": "\(name)", "version": "\(version)", "scripts": {"start": "\(start)"},
             "flock": \(flock), "checks": [{"path": "/health", "intervalSeconds": 2}]}

            """,
        ]
    }
}
