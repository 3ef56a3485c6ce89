// Serves the git repositories of a folder over http: `git http-backend` for each request, as behind any web server.
//
//   node git-http.mjs PORT FOLDER
import { spawn } from "node:child_process";
import http from "node:http";

const [port, folder] = [Number(process.argv[2]), process.argv[3]];

http.createServer((request, response) => {
    const [path, query = ""] = request.url.split("?");
    const backend = spawn("git", ["http-backend"], {
        env: {
            PATH: process.env.PATH, GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_COUNT: "1",
            GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*", GIT_PROJECT_ROOT: folder,
            GIT_HTTP_EXPORT_ALL: "1", PATH_INFO: path, QUERY_STRING: query, REQUEST_METHOD: request.method,
            CONTENT_TYPE: request.headers["content-type"] ?? "", GIT_PROTOCOL: request.headers["git-protocol"] ?? "",
            HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        },
        stdio: ["pipe", "pipe", "inherit"],
    });
    request.pipe(backend.stdin);
    let head = Buffer.alloc(0);
    backend.stdout.on("data", (bytes) => {
        if (response.headersSent) return void response.write(bytes);
        head = Buffer.concat([head, bytes]);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        let status = 200;
        for (const line of head.subarray(0, end).toString().split("\r\n")) {
            const [name, value] = line.split(": ");
            if (name === "Status") status = parseInt(value);
            else response.setHeader(name, value);
        }
        response.writeHead(status);
        response.write(head.subarray(end + 4));
    });
    backend.stdout.on("end", () => response.end());
}).listen(port, "127.0.0.1");
