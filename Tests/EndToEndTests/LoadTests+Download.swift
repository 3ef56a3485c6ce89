import FlockCore
import FlockTesting
import Marathon
import Testing

extension LoadTests {
    @Test("a download across a reload and past idleAfter is not cut, and its app sleeps only when it has ended")
    func downloadSurvives() async throws {
        try await Site.run(idleAfter: "500ms", settings: ["scaler.every=100ms"]) { site in
            let program = try await site.makeApp("files", files: SlowDownload.files(name: "files"))
            try await program.push()
            let id = "/files-1.0.0"
            let echo = try await EchoServer(in: site.folder)
            let other = try await echo.deployWithReload("other", to: site)
            try await eventually("HAProxy has a task of it") {
                #expect(try await site.request("files.flock.test").status == 200)
                return try await site.serversThatServe(of: "app_files") > 0
            }

            let download = try await RawConnection.open(port: site.webPort)
            try await download.send(
                "GET /download HTTP/1.1\r\nHost: files.flock.test\r\nConnection: close\r\n\r\n".utf8)
            try await eventually("it begins") { download.text.contains("piece 1\n") }
            let sleeps = try await sleepsWanted(of: id, site)
            _ = try await echo.deployWithReload("second", to: site)
            _ = try await echo.deployWithReload("third", to: site)
            // It would have slept: the other one, used later, does.
            #expect(try await site.request(other.host).status == 200)
            try await site.isAsleep(other)
            let size = download.received.count
            try await eventually("it goes on") { download.received.count > size }
            #expect(!download.hasEnded)
            #expect(try await site.marathon.app(id)?.instances == 1)
            #expect(try await sleepsWanted(of: id, site) == sleeps)

            #expect(try await site.request("files.flock.test", "/end").status == 200)
            try await eventually("it ends") { download.hasEnded }
            #expect(download.text.contains("the end"))
            try await eventually("its app sleeps") { try await site.marathon.app(id)?.instances == 0 }
        }
    }

    /// How often the scaler has decided to put the app to sleep, now that it knows of what has begun.
    func sleepsWanted(of id: String, _ site: Site) async throws -> Int {
        let looks = try await site.metric("flock_scaler_looks_total", of: .scaler)
        try await eventually("the scaler has looked") {
            try await site.metric("flock_scaler_looks_total", of: .scaler) >= looks + 2
        }
        return try await site.decisions(about: id).count { $0.action == "sleep" }
    }
}

/// A Node app with a download that goes on until it is told to end.
private enum SlowDownload {
    static func files(name: String) -> [String: String] {
        [
            "server.js": server,
            "package.json": """
            {"name": "\(name)", "version": "1.0.0", "scripts": {"start": "node server.js"}, "checks": [{"path": "/"}]}

            """,
        ]
    }

    private static let server = """
        const downloads = new Set();
        require("node:http").createServer((request, response) => {
          if (request.url === "/download") {
            downloads.add(response);
            let pieces = 0;
            const timer = setInterval(() => response.write(`piece ${++pieces}\\n`), 100);
            response.on("close", () => clearInterval(timer));
          } else {
            if (request.url === "/end") for (const download of downloads) download.end("the end");
            response.end("ok");
          }
        }).listen(process.env.PORT, process.env.HOST);

        """
}
