import FlockTesting
import Foundation
import Subprocess

@testable import Git

/// A real git server over HTTP on a free port of this machine: `git http-backend` behind Python's web server, which can
/// also misbehave. It ends with the body it runs for, and also when the test's process does.
struct GitServer {
    let workspace: Workspace
    let port: Int
    let scheme: String

    /// - Parameter misbehaviour: a path of `GitServer.script`, such as `stall/pack`.
    func url(_ misbehaviour: String? = nil, host: String = "localhost") -> String {
        "\(scheme)://\(host):\(port)/\(misbehaviour.map { "\($0)/" } ?? "")repository/.git"
    }

    func remote(_ misbehaviour: String? = nil, token: String? = nil) throws -> Remote {
        try Remote(
            RemoteURL(url(misbehaviour)), token: token,
            authorities: scheme == "https" ? TestAuthority(workspace).certificate : nil, allowsHTTP: true,
            allowsPrivateAddresses: true)
    }

    /// - Parameter name: what its certificate is for, such as `DNS:localhost`; nil without TLS.
    static func with(
        _ workspace: Workspace, tls name: String? = nil, _ body: (GitServer) async throws -> Void
    ) async throws {
        let script = "\(workspace.folder)/server.py"
        try Data(self.script.utf8).write(to: URL(filePath: script))
        let identity = if let name { try await TestAuthority(workspace).issue(to: name) } else { "" }
        _ = try await Subprocess.run(
            .name("python3"), arguments: [script, workspace.folder, identity],
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
            try await body(
                GitServer(workspace: workspace, port: port.orThrow(), scheme: name == nil ? "http" : "https"))
        }
    }

    /// What was asked: method, path, and user and password.
    var requests: [String] {
        let text = (try? String(contentsOfFile: "\(workspace.folder)/requests", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// Waits until a request is being stalled.
    func waitUntilStalled() async throws {
        try await eventually("a request is stalled") {
            FileManager.default.fileExists(atPath: "\(workspace.folder)/stalled")
        }
    }

    /// Before the repository's path a request's path may say what goes wrong:
    /// - `stall/STAGE`: nothing more comes at `status`, `headers`, `advertisement`, `listing`, `fetch` or `pack`;
    /// - `drop/pack`: the connection ends amid the pack;
    /// - `redirect/KIND`: to the repository at `same` host, at another `host`, to a `file`, to a `port`, or in a `loop`;
    /// - `locked`: only for the password `letmein`;
    /// - `old`: no version 2;
    /// - `flood`: an advertisement without end;
    /// - `text`: something that is not git.
    private static let script = """
        import base64, http.server, os, ssl, subprocess, sys, threading

        root, identity = sys.argv[1:]

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def stall(self):
                self.wfile.flush()
                open(root + "/stalled", "w").close()
                # Returns when the client hangs up; this process may end before.
                try:
                    while self.connection.recv(4096):
                        pass
                except OSError:
                    pass
                self.close_connection = True

            def answer(self, status, headers, content):
                self.send_response(status)
                for key, value in headers:
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def redirect(self, kind, path):
                here = "%s://localhost:%d" % ("https" if identity else "http", self.server.server_port)
                there = {
                    "same": path, "host": here.replace("localhost", "127.0.0.1") + path,
                    "file": "file://" + root + path, "port": "http://localhost:1" + path,
                    "loop": "/redirect/loop" + path,
                }[kind]
                self.answer(302, [("Location", there)], b"")

            def run(self, path, query, version):
                environment = dict(
                    os.environ, GIT_PROJECT_ROOT=root, GIT_HTTP_EXPORT_ALL="1",
                    PATH_INFO=path.partition("?")[0], QUERY_STRING=query, REQUEST_METHOD=self.command,
                    CONTENT_TYPE=self.headers.get("Content-Type") or "", GIT_PROTOCOL=version)
                output = subprocess.run(
                    ["git", "http-backend"], env=environment, input=self.body, stdout=subprocess.PIPE).stdout
                head, _, content = output.partition(b"\\r\\n\\r\\n")
                headers = [line.split(": ", 1) for line in head.decode().split("\\r\\n")]
                status = next((value for key, value in headers if key == "Status"), "200 OK")
                stage = "advertisement" if self.command == "GET" else "pack" if b"=fetch" in self.body else "listing"
                return int(status.split()[0]), [pair for pair in headers if pair[0] != "Status"], content, stage

            def serve(self):
                # Else the next request on the connection would begin with it.
                self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                credentials = self.headers.get("Authorization", "").removeprefix("Basic ")
                with open(root + "/requests", "a") as log:
                    log.write("%s %s %s\\n" % (self.command, self.path, base64.b64decode(credentials).decode()))
                mode, found, path = self.path.partition("/repository/")
                path, _, query = (found + path).partition("?")
                mode, _, kind = mode.strip("/").partition("/")
                version = self.headers.get("Git-Protocol") or ""
                if mode == "stall" and kind == "status":
                    return self.stall()
                if mode == "stall" and kind == "headers":
                    self.wfile.write(b"HTTP/1.1 200 OK\\r\\nContent-Type: application/x-git-upl")
                    return self.stall()
                if mode == "stall" and kind == "fetch" and b"command=fetch" in self.body:
                    return self.stall()
                if mode == "redirect":
                    return self.redirect(kind, path + "?" + query)
                if mode == "locked" and base64.b64decode(credentials) != b"x-access-token:letmein":
                    return self.answer(401, [("WWW-Authenticate", 'Basic realm="git"')], b"")
                if mode == "text":
                    return self.answer(200, [("Content-Type", "text/html")], b"<!DOCTYPE html>")
                if mode == "flood":
                    self.send_response(200)
                    self.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
                    self.end_headers()
                    line = b"%040x refs/heads/%0200d\\n" % (1, 1)
                    try:
                        self.wfile.write(b"000eversion 1\\n")
                        self.wfile.write(b"%04x" % (len(line) + 17) + line[:-1] + b"\\0side-band-64k")
                        while True:
                            self.wfile.write((b"%04x" % (len(line) + 4) + line) * 1000)
                    except OSError:
                        self.close_connection = True
                        return
                # The advertisement is asked for where version 2 is not spoken.
                if mode == "old" or kind == "advertisement":
                    version = ""
                status, headers, content, stage = self.run(path, query, version)
                if mode in ("stall", "drop") and kind == stage:
                    self.send_response(status)
                    for key, value in headers + [["Content-Length", str(len(content))]]:
                        self.send_header(key, value)
                    self.end_headers()
                    self.wfile.write(content[:len(content) // 2])
                    if mode == "stall":
                        return self.stall()
                    self.close_connection = True
                    return
                self.answer(status, headers, content)

            do_GET = do_POST = serve

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        if identity:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(identity)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        print(server.server_port, flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.buffer.read()
        os._exit(0)
        """
}
