/// A Node program that answers as ``EchoServer`` does, to be pushed.
public enum EchoApp {
    public static func files(name: String = "hello", version: String) -> [String: String] {
        [
            "server.js": server,
            "package.json": """
            {"name": "\(name)", "version": "\(version)", "scripts": {"start": "node server.js"},
             "flock": {"cpus": 0.5}, "checks": [{"path": "/"}]}

            """,
        ]
    }

    private static let server = """
        require("node:http").createServer((request, response) => {
          let bytes = 0, hash = 2166136261;
          request.on("data", (chunk) => {
            bytes += chunk.length;
            for (const byte of chunk) hash = Math.imul(hash ^ byte, 16777619);
          });
          request.on("end", () => {
            const digits = (hash >>> 0).toString(16).padStart(8, "0");
            const text = `${process.env.MARATHON_APP_ID} ${request.method} ${request.url} ${bytes} ${digits}`;
            setTimeout(() => response.end(text), Number(/wait=([0-9]+)/.exec(request.url)?.[1] ?? 0));
          });
        }).listen(process.env.PORT, process.env.HOST);

        """
}
