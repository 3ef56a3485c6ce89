// A program with no dependencies: answers with its name, its version and what it was sent.
const http = require("node:http");
const { name, version } = require("./package.json");

const server = http.createServer((request, response) => {
  if (request.url === "/health") return response.end("ok\n");
  let bytes = 0;
  request.on("data", (chunk) => (bytes += chunk.length));
  request.on("end", () => {
    response.setHeader("Content-Type", "text/plain");
    response.end(`Hello from ${name} ${version}\n${request.method} ${request.url}, ${bytes} bytes\n`);
  });
});

server.listen(process.env.PORT, process.env.HOST, () => console.log(`${name} ${version} listens on ${process.env.PORT}`));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
