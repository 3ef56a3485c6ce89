import Foundation
import Subprocess

/// A real git server over HTTP on a free port of this machine: `git http-backend` behind Python's web server. It ends
/// with the body it runs for, and also when the test's process does.
struct GitServer {
    let workspace: Workspace
    let port: Int

    var url: String { "http://127.0.0.1:\(port)/repository/.git" }
    /// Answers nothing at all.
    var stalled: String { "http://127.0.0.1:\(port)/stall/repository/.git" }
    /// Lists the branches, and sends no pack.
    var stalledPack: String { "http://127.0.0.1:\(port)/stall-pack/repository/.git" }
    /// Redirects to the same server under another host name.
    var moved: String { "http://127.0.0.1:\(port)/moved/repository/.git" }
    /// Asks for a password.
    var locked: String { "http://127.0.0.1:\(port)/locked/repository/.git" }

    static func with(_ workspace: Workspace, _ body: (GitServer) async throws -> Void) async throws {
        let script = "\(workspace.folder)/server.py"
        try Data(source.utf8).write(to: URL(filePath: script))
        _ = try await Subprocess.run(
            .name("python3"), arguments: [script, workspace.folder],
            environment: .inherit.updating([
                "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
            ]),
            input: .inputWriter, output: .sequence, error: .discarded
        ) { execution in
            var port: Int?
            for try await line in execution.standardOutput.strings() {
                port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines))
                break
            }
            // By its process id; should that fail, the end of its input ends it.
            defer { try? execution.send(signal: .terminate) }
            try await body(GitServer(workspace: workspace, port: port.orThrow()))
        }
    }

    /// Waits until a request is being stalled.
    func waitUntilStalled() async throws {
        let mark = "\(workspace.folder)/stalled"
        let deadline = ContinuousClock.now + .seconds(20)
        while !FileManager.default.fileExists(atPath: mark) {
            guard ContinuousClock.now < deadline else {
                throw CommandFailure(command: ["server"], message: "no request arrived")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private static let source = """
        import http.server, os, subprocess, sys, threading

        root = sys.argv[1]

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def stall(self):
                open(root + "/stalled", "w").close()
                # Returns when the client hangs up; this process may end before.
                while self.connection.recv(4096):
                    pass
                self.close_connection = True

            def refuse(self, status, name, value):
                self.send_response(status)
                self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def body(self):
                if self.headers.get("Transfer-Encoding") == "chunked":
                    parts = []
                    while size := int(self.rfile.readline(), 16):
                        parts.append(self.rfile.read(size))
                        self.rfile.readline()
                    self.rfile.readline()
                    return b"".join(parts)
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))

            def serve(self):
                path, _, query = self.path.partition("?")
                if path.startswith("/stall/"):
                    return self.stall()
                if path.startswith("/moved/"):
                    there = "http://localhost:%d%s" % (self.server.server_port, self.path[len("/moved"):])
                    return self.refuse(302, "Location", there)
                if path.startswith("/locked/"):
                    return self.refuse(401, "WWW-Authenticate", 'Basic realm="git"')
                if path.startswith("/stall-pack/"):
                    path = path[len("/stall-pack"):]
                    if self.command == "POST":
                        return self.stall()
                environment = dict(
                    os.environ, GIT_PROJECT_ROOT=root, GIT_HTTP_EXPORT_ALL="1", PATH_INFO=path, QUERY_STRING=query,
                    REQUEST_METHOD=self.command, CONTENT_TYPE=self.headers.get("Content-Type") or "",
                    HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding") or "",
                    GIT_PROTOCOL=self.headers.get("Git-Protocol") or "")
                answer = subprocess.run(
                    ["git", "http-backend"], env=environment, input=self.body(), stdout=subprocess.PIPE).stdout
                head, _, content = answer.partition(b"\\r\\n\\r\\n")
                headers = [line.split(": ", 1) for line in head.decode().split("\\r\\n")]
                status = next((value for key, value in headers if key == "Status"), "200 OK")
                self.send_response(int(status.split()[0]))
                for key, value in headers:
                    if key != "Status":
                        self.send_header(key, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = serve

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        print(server.server_port, flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.buffer.read()
        os._exit(0)
        """
}
